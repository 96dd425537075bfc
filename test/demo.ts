/**
 * `npm run demo`: demonstrates gpuplay in the lab. Starts the lab, then runs `playbooks/site.yml` on it three
 * times: a dry run, a run, and a second run that changes nothing. The lab keeps running.
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
    throw new LabError(reason, 'The demo needs root on Debian 12, on a physical or virtual machine.')
  const begun = Date.now()
  title('Start a lab of two Proxmox-like nodes, each with two GPUs and two containers')
  if (Lab.find() !== undefined) {
    say('stopping the lab that is already running, to start with a new one')
    await Lab.down()
  }
  const lab = await Lab.up({ nodes: 2, containers: 2, say })

  const inventories = ['-i', 'inventory/lab', '-i', join(lab.instance.stateDir, 'addresses.yaml')]
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ['1. A dry run: shows the plan and changes nothing', ['--check']],
    ['2. A run: both nodes reboot, one after the other', []],
    ['3. A second run: nothing is left to change', []],
  ]
  for (const [name, flags] of steps) {
    title(name)
    const argv = ['run', 'playbooks/site.yml', ...inventories, ...flags]
    say(`$ npx gpuplay ${argv.join(' ')}`)
    const code = await run(argv)
    if (code !== 0) {
      say(`\nthis run failed with exit code ${code}; the lab is still running: npm run lab -- status`)
      return code
    }
  }
  title(`Done in ${Math.round((Date.now() - begun) / 1000)} s. The lab is still running:`)
  say('npm run lab -- enter 101            open a shell in a container; try nvidia-smi')
  say('npm run lab -- ssh pve1             open a shell on a node')
  say(`npx gpuplay run playbooks/verify.yml ${inventories.join(' ')}`)
  say(`npx gpuplay status ${inventories.join(' ')}`)
  say('inventory/lab/hosts.yml             edit it and run site.yml again')
  say('npm run lab -- down                 stop and remove the lab')
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
