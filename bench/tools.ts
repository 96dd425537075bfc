/** The compared programs and their command lines. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { attempt } from '../test/lab/process.ts'
import type { Command } from './measure.ts'
import type { ToolName } from './options.ts'

export const repository = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
export const workload = join(repository, 'bench/workload')
export const gpuplayProgram = join(repository, 'bin/gpuplay')

/** A host to which a tool connects as root. Keys are files. */
export interface Reached {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly privateKey: string
  readonly knownHosts: string
}

export interface Tool {
  readonly name: ToolName
  /** Version of the program, for people. */
  readonly version: string
  /** The command that applies the workload to the hosts. `folder` is for temporary files. */
  command(hosts: readonly Reached[], folder: string): Command
  /**
   * Stops remaining processes of a run on this machine, such as shared connections, so that the next run
   * connects again.
   */
  afterwards(folder: string): Promise<void>
}

export interface Missing {
  readonly name: ToolName
  readonly why: string
}

/** The installed tools, gpuplay first, and the reasons why others are missing. */
export async function findTools(): Promise<{
  readonly found: readonly Tool[]
  readonly missing: readonly Missing[]
}> {
  const found: Tool[] = [await gpuplayTool()]
  const missing: Missing[] = []
  const ansible = await versionOf(['ansible-playbook', '--version'], /core ([\d.]+)/)
  const mitogen = await versionOf(
    ['dpkg-query', '-W', '-f', '${db:Status-Abbrev} ${Version}', 'ansible-mitogen'],
    /^ii +(\S+)/,
  )
  if (ansible === undefined) missing.push({ name: 'ansible', why: 'ansible-core is not installed' })
  else found.push(ansibleTool(ansible))
  if (ansible === undefined || mitogen === undefined || !existsSync(strategies))
    missing.push({ name: 'mitogen', why: 'ansible-mitogen is not installed' })
  else found.push(mitogenTool(ansible, mitogen))
  const pyinfra = await versionOf(['pyinfra', '--version'], /v?(\d[\d.]+)/)
  if (pyinfra === undefined)
    missing.push({ name: 'pyinfra', why: 'pyinfra is not installed, and Debian 12 does not package it' })
  else found.push(pyinfraTool(pyinfra))
  return { found, missing }
}

async function gpuplayTool(): Promise<Tool> {
  return {
    name: 'gpuplay',
    version: (await versionOf([gpuplayProgram, '--version'], /(\d\S*)/)) ?? 'unknown',
    command: (hosts, folder) => {
      const entries = hosts.map(({ name, address, port, privateKey, knownHosts }) => [
        name,
        { address, port, user: 'root', private_key: privateKey, known_hosts: knownHosts },
      ])
      const inventory = join(folder, 'gpuplay.yaml')
      writeFileSync(inventory, stringify({ all: { hosts: Object.fromEntries(entries) } }))
      return {
        argv: [gpuplayProgram, 'run', join(workload, 'site.yml'), '-i', inventory, '--output', 'plain'],
      }
    },
    afterwards: () => Promise.resolve(),
  }
}

const strategies = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy'

function ansibleTool(version: string): Tool {
  return {
    name: 'ansible',
    version: `ansible-core ${version} with pipelining`,
    command: (hosts, folder) => ansibleCommand(hosts, folder, 'strategy = linear'),
    afterwards: endMasters,
  }
}

function mitogenTool(ansible: string, version: string): Tool {
  return {
    name: 'mitogen',
    version: `Mitogen ${version} on ansible-core ${ansible}`,
    command: (hosts, folder) =>
      ansibleCommand(hosts, folder, `strategy = mitogen_linear\nstrategy_plugins = ${strategies}`),
    afterwards: endMasters,
  }
}

/** One fork for each host, up to 20: a typical setting for two cores. */
function ansibleCommand(hosts: readonly Reached[], folder: string, strategy: string): Command {
  const masters = join(folder, 'cp')
  mkdirSync(masters, { recursive: true, mode: 0o700 })
  const entries = hosts.map(({ name, address, port, privateKey, knownHosts }) => [
    name,
    {
      ansible_host: address,
      ansible_port: port,
      ansible_user: 'root',
      ansible_ssh_private_key_file: privateKey,
      ansible_ssh_common_args: `-o UserKnownHostsFile=${knownHosts}`,
      ansible_python_interpreter: '/usr/bin/python3',
    },
  ])
  const inventory = join(folder, 'ansible.yaml')
  writeFileSync(inventory, stringify({ all: { hosts: Object.fromEntries(entries) } }))
  const settings = join(folder, 'ansible.cfg')
  const lines = [
    '[defaults]',
    `forks = ${Math.min(hosts.length, 20)}`,
    strategy,
    // Connection timeout on a machine that is busy with all hosts.
    'timeout = 60',
    `local_tmp = ${join(folder, 'ansible-tmp')}`,
    '[ssh_connection]',
    'pipelining = True',
    `control_path_dir = ${masters}`,
  ]
  writeFileSync(settings, `${lines.join('\n')}\n`)
  return {
    argv: ['ansible-playbook', '-i', inventory, join(workload, 'ansible.yml')],
    env: { ANSIBLE_CONFIG: settings },
  }
}

/** Ansible's ssh masters keep running for a minute. */
async function endMasters(folder: string): Promise<void> {
  const masters = join(folder, 'cp')
  if (!existsSync(masters)) return
  const ending = readdirSync(masters).map((name) =>
    attempt(['ssh', '-S', join(masters, name), '-O', 'exit', 'any']),
  )
  await Promise.all(ending)
}

function pyinfraTool(version: string): Tool {
  return {
    name: 'pyinfra',
    version,
    command: (hosts, folder) => {
      const inventory = join(folder, 'pyinfra_hosts.py')
      const entries = hosts.map(({ name, address, port, privateKey, knownHosts }) => {
        const data = {
          ssh_hostname: address,
          ssh_port: port,
          ssh_user: 'root',
          ssh_key: privateKey,
          ssh_known_hosts_file: knownHosts,
        }
        return `    (${JSON.stringify(name)}, ${JSON.stringify(data)}),\n`
      })
      writeFileSync(inventory, `hosts = [\n${entries.join('')}]\n`)
      return { argv: ['pyinfra', '-y', inventory, 'pyinfra.py'], cwd: workload }
    },
    afterwards: () => Promise.resolve(),
  }
}

/** The version that a program prints; undefined if it cannot be run. */
async function versionOf(argv: readonly string[], pattern: RegExp): Promise<string | undefined> {
  try {
    const done = await attempt(argv)
    return done.code === 0 ? pattern.exec(done.stdout)?.[1] : undefined
  } catch {
    return undefined
  }
}
