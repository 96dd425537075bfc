/** `npm run lab -- COMMAND`: the lab for manual use. See README.md. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { defined, mapped } from '../../src/base/defined.ts'
import { quote } from '../../src/base/shell.ts'
import { Lab } from './lab.ts'
import { whyNoLab } from './machine.ts'
import { LabError } from './process.ts'

const usage = `usage: npm run lab -- COMMAND

  up [--nodes N] [--containers M] [--gpus G] [--stopped]
                     start a lab of N nodes (default 2), each with G GPUs (2) and M containers (2)
  down [--all]       stop the lab and remove it; --all: all labs on this machine
  status             show the running lab
  ssh NODE [CMD]     open a shell on a node, or run a command
  enter CTID [CMD]   open a shell in a container, or run a command
  save NAME          save the disks of all nodes and containers until the lab stops
  restore NAME       restore saved disks and boot
  run CMD [ARG...]   run a command of this machine in the lab's network

GPUPLAY_LAB=NAME selects a lab (default: "lab").
`

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv
  const reason = whyNoLab()
  if (command !== undefined && command !== 'help' && command !== '--help' && reason !== undefined)
    throw new LabError(reason, 'Run it as root on Debian 12, on a physical or virtual machine.')
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
    say('the lab is already running; to start a new one, first run: npm run lab -- down')
    return status()
  }
  const begun = Date.now()
  await Lab.up({
    ...defined({
      nodes: mapped(values.nodes, Number),
      containers: mapped(values.containers, Number),
      gpusPerNode: mapped(values.gpus, Number),
    }),
    running: !values.stopped,
    say,
  })
  say(`the lab is running (${((Date.now() - begun) / 1000).toFixed(1)} s)`)
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
    // Includes containers that were created manually.
    if ((await node.exec(`test -e /etc/pve/lxc/${quote(ctid)}.conf`)).code !== 0) continue
    const command = words.length === 0 ? ['enter', ctid] : ['exec', ctid, '--', 'sh', '-c', words.join(' ')]
    return foreground(lab.world.enterArgv(node.execArgv(['pct', ...command])))
  }
  throw new LabError(`no node has a container "${ctid}"`, 'To list containers, run: npm run lab -- status')
}

function status(): number {
  const lab = Lab.find()
  const others = Lab.all().filter((name) => name !== lab?.instance.name)
  if (others.length > 0) say(`other labs (GPUPLAY_LAB): ${others.join(', ')}`)
  if (lab === undefined) {
    say('no lab is running')
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
  throw new LabError('no lab is running', 'To start one, run: npm run lab -- up')
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
  if (misused) error = new LabError(caught.message, 'To list the commands, run: npm run lab -- help')
  if (!(error instanceof LabError)) throw error
  process.stderr.write(`lab: ${error.message}\n${error.hint === undefined ? '' : `     ${error.hint}\n`}`)
  process.exitCode = 1
}
