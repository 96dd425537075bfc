/** Creates the nodes of a lab and switches them on and off, in a running world. */
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { dirname, join } from 'node:path'
import { quote } from '../../src/base/shell.ts'
import { nodeFacts } from './hardware.ts'
import { run, until } from './process.ts'
import type { LabNodeSpec } from './topology.ts'
import type { World } from './world.ts'

export interface NodeParts {
  /** Lower directories of the root, top first. */
  readonly lower: readonly string[]
  /** Folder of the image, which contains the templates of containers. */
  readonly image: string
  /** Compiled stand-ins. */
  readonly js: string
  /** Public key that root's authorized_keys gets. */
  readonly publicKey: string
}

/**
 * Creates a node's disks, network and first files; it is off. Returns its new host key in the format of
 * `known_hosts`.
 */
export async function addNode(world: World, spec: LabNodeSpec, parts: NodeParts): Promise<string> {
  await world.run([world.script('add-node.sh'), world.instance.stateDir, spec.name])
  const home = world.path('nodes', spec.name)
  const settings = {
    address: spec.address,
    prefix: String(world.network.prefix),
    gateway: world.network.internet,
    lower: parts.lower.join(':'),
    image: parts.image,
    js: parts.js,
    runtime: process.execPath,
    cluster:
      spec.cluster?.shared === true
        ? join(world.instance.stateDir, 'nodes/.clusters', spec.cluster.name)
        : '',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${quote(value)}\n`)
  writeFileSync(join(home, 'settings'), lines.join(''))

  const seed = join(home, 'seed')
  for (const [path, text] of Object.entries({ ...firstFiles(world, spec, parts), ...nodeFacts(spec) })) {
    mkdirSync(join(seed, dirname(path)), { recursive: true, mode: 0o755 })
    writeFileSync(join(seed, path), text)
  }
  chmodSync(join(seed, 'root'), 0o700)
  chmodSync(join(seed, 'root/.ssh'), 0o700)
  const key = join(seed, 'etc/ssh/ssh_host_ed25519_key')
  mkdirSync(dirname(key), { recursive: true })
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `root@${spec.name}`, '-f', key])
  return (await run(['cut', '-d ', '-f1,2', `${key}.pub`])).trim()
}

/** Switches a node on and returns when its sshd answers. */
export async function switchOn(world: World, spec: LabNodeSpec): Promise<void> {
  startNode(world, spec)
  await sshdAnswers(spec)
}

export function startNode(world: World, spec: LabNodeSpec): void {
  world.startDaemon(['setsid', world.script('node.sh'), world.instance.stateDir, spec.name], 'supervisor.log')
}

/** Cuts a node's power. */
export async function switchOff(world: World, spec: LabNodeSpec): Promise<void> {
  await world.run([world.script('node-off.sh'), world.instance.stateDir, spec.name])
}

export async function sshdAnswers(
  spec: { readonly name: string; readonly address: string },
  within = 60_000,
): Promise<void> {
  await until(`sshd of ${spec.name} (${spec.address})`, () => banner(spec.address), { within, every: 30 })
}

function banner(address: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port: 22, timeout: 1000 })
    const finish = (answered: true | undefined): void => {
      socket.destroy()
      resolve(answered)
    }
    socket.on('error', () => finish(undefined))
    socket.on('timeout', () => finish(undefined))
    socket.on('end', () => finish(undefined))
    socket.on('data', (data) => finish(data.toString('latin1').startsWith('SSH-') ? true : undefined))
  })
}

function firstFiles(world: World, spec: LabNodeSpec, parts: NodeParts): Record<string, string> {
  return {
    '/etc/hostname': `${spec.name}\n`,
    '/etc/hosts': `127.0.0.1 localhost.localdomain localhost\n${spec.address} ${spec.name}.lab.test ${spec.name}\n`,
    '/etc/resolv.conf': `search lab.test\nnameserver ${world.network.internet}\n`,
    '/etc/network/interfaces': [
      'auto lo',
      'iface lo inet loopback',
      '',
      'iface eno1 inet manual',
      '',
      'auto vmbr0',
      'iface vmbr0 inet static',
      `\taddress ${spec.address}/${world.network.prefix}`,
      `\tgateway ${world.network.internet}`,
      '\tbridge-ports eno1',
      '\tbridge-stp off',
      '\tbridge-fd 0',
      '',
    ].join('\n'),
    '/root/.ssh/authorized_keys': parts.publicKey,
  }
}

/**
 * Copies the stand-ins' file tree so that it can be a layer of a root: owned by root, nothing writable by
 * others.
 */
export async function layNodeFiles(from: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true })
  if (existsSync(from)) cpSync(from, to, { recursive: true, verbatimSymlinks: true })
  await run(['chown', '-hR', 'root:root', to])
  await run(['chmod', '-R', 'u=rwX,go=rX', to])
}
