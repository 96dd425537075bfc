/** `npm run lab -- COMMAND`: the lab by hand. README.md tells what it is. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { quote } from '../../src/base/shell.ts'
import { Lab } from './lab.ts'
import { whyNoLab } from './machine.ts'
import { LabError } from './process.ts'

const usage = `usage: npm run lab -- COMMAND

  up [--nodes N] [--containers M] [--gpus G] [--stopped]
                     start a lab: N nodes (2) with G GPUs (2) and M containers (2) each
  down [--all]       end it and remove everything of it; --all: every lab of this machine
  status             what is up
  ssh NODE [CMD]     a shell on a node, or one command
  enter CTID [CMD]   a shell in a container, or one command
  save NAME          keep the disks of all nodes and containers as they are now, while the lab is up
  restore NAME       put them back and boot
  run CMD [ARG...]   a command of this machine, inside the lab's network

GPUPLAY_LAB=NAME chooses among several labs; the usual one is "lab".
`

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv
  const reason = whyNoLab()
  if (command !== undefined && command !== 'help' && command !== '--help' && reason !== undefined)
    throw new LabError(reason, 'Run it as root on a Debian 12 machine, virtual or not.')
  switch (command) {
    case 'up':
      return up(rest)
    case 'down':
      return down(rest)
    case 'status':
      return status()
    case 'ssh': {
      const [node = '', ...words] = rest
      const lab = theLab()
      return foreground(['ssh', '-F', lab.sshConfig, lab.node(node).spec.name, ...words])
    }
    case 'enter':
      return enter(rest)
    case 'save':
    case 'restore': {
      const [name = ''] = rest
      await theLab()[command](name)
      say(`${command}d "${name}"`)
      return 0
    }
    case 'run':
      return foreground(theLab().world.enterArgv(rest))
    default:
      process.stderr.write(usage)
      return command === undefined || command === 'help' || command === '--help' ? 0 : 2
  }
}

async function up(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: 'string' },
      containers: { type: 'string' },
      gpus: { type: 'string' },
      stopped: { type: 'boolean', default: false },
    },
  })
  if (Lab.find() !== undefined) {
    say('the lab is up already; to start afresh: npm run lab -- down')
    return status()
  }
  const begun = Date.now()
  await Lab.up({
    ...(values.nodes === undefined ? {} : { nodes: Number(values.nodes) }),
    ...(values.containers === undefined ? {} : { containers: Number(values.containers) }),
    ...(values.gpus === undefined ? {} : { gpusPerNode: Number(values.gpus) }),
    running: !values.stopped,
    say,
  })
  say(`the lab is up (${((Date.now() - begun) / 1000).toFixed(1)} s)`)
  return status()
}

async function down(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { all: { type: 'boolean', default: false } } })
  if (!values.all) await Lab.down()
  else for (const name of Lab.all()) await Lab.down(name)
  return 0
}

async function enter([ctid = '', ...words]: readonly string[]): Promise<number> {
  const lab = theLab()
  for (const node of lab.nodes) {
    // containers that were made by hand as well
    if ((await node.exec(`test -e /etc/pve/lxc/${quote(ctid)}.conf`)).code !== 0) continue
    const command = words.length === 0 ? ['enter', ctid] : ['exec', ctid, '--', 'sh', '-c', words.join(' ')]
    return foreground(lab.world.enterArgv(node.execArgv(['pct', ...command])))
  }
  throw new LabError(`no node has a container "${ctid}"`, 'What there is: npm run lab -- status')
}

function status(): number {
  const lab = Lab.find()
  const others = Lab.all().filter((name) => name !== lab?.instance.name)
  if (others.length > 0) say(`other labs (GPUPLAY_LAB): ${others.join(', ')}`)
  if (lab === undefined) {
    say('no lab is up')
    return 1
  }
  for (const { spec } of lab.nodes) {
    say(`${spec.name}  ${spec.address}  ${spec.gpus.length} GPUs, kernel ${spec.kernel}`)
    for (const container of spec.containers)
      say(
        `  ${container.ctid}  ${container.address}  ${container.hostname}${container.unprivileged ? ', unprivileged' : ''}`,
      )
  }
  const saved = lab.savedStates
  if (saved.length > 0) say(`saved states: ${saved.join(', ')}`)
  say(`state, keys and inventory: ${lab.instance.stateDir}`)
  return 0
}

function theLab(): Lab {
  const lab = Lab.find()
  if (lab !== undefined) return lab
  throw new LabError('no lab is up', 'Start one: npm run lab -- up')
}

function foreground(argv: readonly string[]): Promise<number> {
  const [program = '', ...args] = argv
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 255))
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (caught) {
  let error: unknown = caught
  const misused =
    caught instanceof TypeError && 'code' in caught && String(caught.code).startsWith('ERR_PARSE_ARGS')
  if (misused) error = new LabError(caught.message, 'What there is: npm run lab -- help')
  if (!(error instanceof LabError)) throw error
  process.stderr.write(`lab: ${error.message}\n${error.hint === undefined ? '' : `     ${error.hint}\n`}`)
  process.exitCode = 1
}
