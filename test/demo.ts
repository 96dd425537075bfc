/**
 * `npm run demo`: the whole of gpuplay on real input. Brings the lab up, then runs `playbooks/site.yml` against it three times: a dry run, the real run,
 * and once more to see that nothing is left to do. The lab stays up for whoever wants to look around.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Lab } from './lab/lab.ts'
import { whyNoLab } from './lab/machine.ts'
import { LabError } from './lab/process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const gpuplay = fileURLToPath(new URL('../bin/gpuplay', import.meta.url))

async function main(): Promise<number> {
  const reason = whyNoLab()
  if (reason !== undefined)
    throw new LabError(reason, 'The demo needs root on a Debian 12 machine, virtual or not.')
  const begun = Date.now()
  title('A lab of two Proxmox-like nodes, two GPUs each, two containers on each')
  if (Lab.find() !== undefined) {
    say('a lab from before is up: it is taken down, so that this one starts from nothing')
    await Lab.down()
  }
  const lab = await Lab.up({ nodes: 2, containers: 2, say })

  const inventories = ['-i', 'inventory/lab', '-i', join(lab.instance.stateDir, 'addresses.yaml')]
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ['1. A dry run: the whole plan, and nothing is changed', ['--check']],
    ['2. The real run: both nodes reboot, one after the other', []],
    ['3. Once more: everything is as declared', []],
  ]
  for (const [name, flags] of steps) {
    title(name)
    const argv = ['run', 'playbooks/site.yml', ...inventories, ...flags]
    say(`$ npx gpuplay ${argv.join(' ')}`)
    const code = await run(argv)
    if (code !== 0) {
      say(`\nthis run ended with exit code ${code}; the lab is still up: npm run lab -- status`)
      return code
    }
  }
  title(`Done in ${Math.round((Date.now() - begun) / 1000)} s. The lab is still up:`)
  say('npm run lab -- enter 101            a shell in a container; try nvidia-smi')
  say('npm run lab -- ssh pve1             a shell on a node')
  say(`npx gpuplay run playbooks/verify.yml ${inventories.join(' ')}`)
  say('inventory/lab/hosts.yml             change what it says, and run site.yml again')
  say('npm run lab -- down                 take it down; nothing is left')
  return 0
}

function run(argv: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [gpuplay, ...argv], { cwd: root, stdio: 'inherit' })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

function title(text: string): void {
  say(`\n== ${text}\n`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof LabError)) throw error
  process.stderr.write(
    `error: ${error.message}\n${error.hint === undefined ? '' : `  help: ${error.hint}\n`}`,
  )
  process.exitCode = 2
}
