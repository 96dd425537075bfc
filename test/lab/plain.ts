/**
 * Plain hosts run only an sshd with Debian's own configuration. Each has its own namespaces and file tree.
 * They share the image read-only, so hundreds of them fit on one machine. They are for measurements; a `Lab`
 * has complete nodes.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { image } from './image/image.ts'
import { claimNetwork, instance, releaseNetwork, type Network } from './instance.ts'
import { trust } from './internet/internet.ts'
import { prepareMachine } from './machine.ts'
import { sshdAnswers } from './nodes.ts'
import { run } from './process.ts'
import { stopWorld, World } from './world.ts'

export interface PlainHost {
  readonly name: string
  readonly address: string
}

export interface PlainOptions {
  /** Name of the set. Labs use the same names. */
  readonly name: string
  readonly count: number
  /**
   * Builds directories above those of the image in every host, top first, from the image's own directories.
   */
  readonly layers?: (image: readonly string[]) => Promise<readonly string[]>
  readonly say?: (line: string) => void
}

/** Shared by all hosts: creating keys for each would take longer than the rest. */
const hostKeyFile = 'etc/ssh/ssh_host_ed25519_key.pub'

export class PlainHosts {
  readonly hosts: readonly PlainHost[]
  readonly world: World
  readonly #lower: string

  private constructor(world: World, hosts: readonly PlainHost[], lower: string) {
    this.world = world
    this.hosts = hosts
    this.#lower = lower
  }

  /** Starts the hosts; returns when every sshd answers. */
  static async up({ name, count, layers, say = () => {} }: PlainOptions): Promise<PlainHosts> {
    const owner = instance(name)
    await prepareMachine(say)
    await PlainHosts.down(name)
    const { stateDir } = owner
    mkdirSync(stateDir, { recursive: true })
    let link = ''
    try {
      const network = await claimNetwork(owner)
      link = network.link
      const roots = await image(await trust(say), say)
      const above = (await layers?.(roots.node)) ?? []
      const common = await commonLayer(stateDir)
      copyFileSync('/etc/resolv.conf', join(stateDir, 'resolv.conf'))
      copyFileSync('/etc/ssl/certs/ca-certificates.crt', join(stateDir, 'ca-certificates.crt'))
      const world = await World.start(owner, network)
      const plain = new PlainHosts(world, names(network, count), [common, ...above, ...roots.node].join(':'))
      writeFileSync(plain.knownHosts, plain.hosts.map(({ address }) => plain.#known(address)).join(''))
      say(`starting ${count} plain hosts`)
      await plain.start(plain.hosts)
      return plain
    } catch (error) {
      await stopWorld(owner, link)
      releaseNetwork(owner)
      throw error
    }
  }

  /** Stops the hosts of this name and removes all their files. Does nothing if there are none. */
  static async down(name: string): Promise<void> {
    const owner = instance(name)
    // The link disappears with the world's network.
    await stopWorld(owner, '')
    releaseNetwork(owner)
  }

  down(): Promise<void> {
    return PlainHosts.down(this.world.instance.name)
  }

  /** The private key that root accepts on every host. */
  get privateKey(): string {
    return join(this.world.instance.stateDir, 'id_ed25519')
  }

  get knownHosts(): string {
    return join(this.world.instance.stateDir, 'known_hosts')
  }

  /** A known_hosts file for a host at another address, in the format of known_hosts: `[127.0.0.1]:2222`. */
  knownHostsAt(address: string): string {
    const file = join(this.world.instance.stateDir, `known_hosts.${address.replace(/\W+/g, '-')}`)
    writeFileSync(file, this.#known(address))
    return file
  }

  #known(address: string): string {
    const key = readFileSync(join(this.world.instance.stateDir, 'common', hostKeyFile), 'utf8')
    return `${address} ${key.split(' ').slice(0, 2).join(' ')}\n`
  }

  /** Name of the cgroup that contains all processes of the hosts. */
  get cgroup(): string {
    return this.world.instance.cgroup
  }

  /** Stops the hosts and starts them on an empty disk, as after their first start. */
  async fresh(hosts: readonly PlainHost[]): Promise<void> {
    const { stateDir } = this.world.instance
    await this.world.run([this.world.script('plain-off.sh'), stateDir, ...hosts.map(({ name }) => name)])
    await this.start(hosts)
  }

  async start(hosts: readonly PlainHost[]): Promise<void> {
    const { instance: owner, network } = this.world
    const words = hosts.map(({ name, address }) => `${name}=${address}`)
    const script = this.world.script('plain-hosts.sh')
    await this.world.run([script, owner.stateDir, String(network.prefix), this.#lower, ...words])
    for (const host of hosts) await sshdAnswers(host)
  }

  /** The host's changes to the image, as the upper layer of an overlay. */
  disk(host: PlainHost): string {
    return this.world.path('nodes/plain', host.name, 'upper')
  }

  /**
   * Runs a program of this machine in the host's process namespace; all other namespaces are the machine's.
   */
  async inProcesses(host: PlainHost, argv: readonly string[]): Promise<string> {
    return this.world.run(['nsenter', '--target', String(this.#pid(host)), '--pid', '--', ...argv])
  }

  /** Number of a new process on the host: the kernel counts them up and skips none. */
  async nextProcess(host: PlainHost): Promise<number> {
    return Number(await this.inProcesses(host, ['sh', '-c', 'echo $$']))
  }

  /** Whether only the sshd that waits for connections is running there. */
  isIdle(host: PlainHost): boolean {
    const pid = this.#pid(host)
    const children = `/proc/${this.world.pid}/root/proc/${pid}/task/${pid}/children`
    return readFileSync(children, 'utf8') === ''
  }

  #pid({ name }: PlainHost): number {
    return Number(readFileSync(this.world.path('nodes/plain', name, 'pid'), 'utf8'))
  }
}

function names(network: Network, count: number): readonly PlainHost[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `host${index + 1}`,
    address: network.node(index),
  }))
}

/** Files of every host. */
async function commonLayer(stateDir: string): Promise<string> {
  const layer = join(stateDir, 'common')
  const hostKey = join(layer, 'etc/ssh/ssh_host_ed25519_key')
  const key = join(stateDir, 'id_ed25519')
  for (const folder of ['etc/ssh', 'root/.ssh']) mkdirSync(join(layer, folder), { recursive: true })
  await run(['chmod', '755', layer, join(layer, 'etc'), join(layer, 'etc/ssh')])
  await run(['chmod', '700', join(layer, 'root'), join(layer, 'root/.ssh')])
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'plain host', '-f', hostKey])
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'plain hosts', '-f', key])
  copyFileSync(`${key}.pub`, join(layer, 'root/.ssh/authorized_keys'))
  writeFileSync(join(layer, 'etc/hosts'), '127.0.0.1 localhost\n')
  return layer
}
