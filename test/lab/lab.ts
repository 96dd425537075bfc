/**
 * A simulated environment for end-to-end tests and the demo: Proxmox-like nodes with real sshd, systemd, apt and LXC on this
 * machine. Only this machine can route to their addresses. README.md in this folder describes the design.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { image } from './image/image.ts'
import {
  claimNetwork,
  instance,
  releaseNetwork,
  network,
  stateRoot,
  type Instance,
  type Network,
} from './instance.ts'
import { drivers, repositories, startInternet, trust } from './internet/internet.ts'
import { addresses, inventory } from './inventory.ts'
import { prepareMachine } from './machine.ts'
import { makeContainers, runningContainers, runContainers } from './containers.ts'
import { breakInternet } from './faults.ts'
import { LabNode, LabContainer } from './host.ts'
import { addNode, layNodeFiles, switchOn } from './nodes.ts'
import { LabError, attempt, run, type Finished, type RunOptions } from './process.ts'
import { snapshotNode, type FileSnapshot } from './snapshot.ts'
import { buildStandins } from './standins.ts'
import { topology, type Topology, type TopologyOptions } from './topology.ts'
import { stopWorld, World } from './world.ts'

export interface UpOptions extends TopologyOptions {
  /** Name of the lab; default: `GPUPLAY_LAB` or `lab`. */
  readonly name?: string
  /** Receives progress messages. */
  readonly say?: (line: string) => void
}

/** Stored in the state directory while the lab is running. */
interface Recorded {
  readonly slot: number
  readonly topology: Topology
}

export class Lab {
  readonly instance: Instance
  readonly world: World
  readonly topology: Topology

  private constructor(world: World, shape: Topology) {
    this.instance = world.instance
    this.world = world
    this.topology = shape
  }

  /** Builds missing parts, starts the lab, and returns when every node answers over SSH and its containers run. */
  static async up(options: UpOptions = {}): Promise<Lab> {
    const say = options.say ?? (() => {})
    const owner = instance(options.name)
    if (Lab.find(owner.name) !== undefined)
      throw new LabError(`the lab "${owner.name}" is already running`, 'First run: npm run lab -- down')
    await prepareMachine(say)
    await Lab.down(owner.name)
    mkdirSync(owner.stateDir, { recursive: true })
    try {
      const addresses = await claimNetwork(owner)
      const shape = topology(addresses, options)
      const keys = await trust(say)
      const roots = await image(keys, say)
      const sites = [await drivers(say), await repositories(keys, roots.packages, say)]
      say(`starting ${shape.nodes.map((node) => node.name).join(', ')}`)
      trustedOnTheInside(owner, addresses, keys)
      const js = join(owner.stateDir, 'js')
      const [world, publicKey] = await Promise.all([
        World.start(owner, addresses),
        makeKey(owner),
        buildStandins(js),
        layNodeFiles(join(import.meta.dirname, 'node-files'), join(owner.stateDir, 'node-files')),
      ])
      const lab = new Lab(world, shape)
      const lower = [join(owner.stateDir, 'node-files'), ...roots.node]
      const parts = { lower, image: roots.directory, js, publicKey }
      const hostKeys = await Promise.all(shape.nodes.map((node) => addNode(world, node, parts)))
      lab.#writeFiles(hostKeys)
      await Promise.all([
        startInternet(world, { roots: sites, keys, names: hostNames(shape) }),
        ...shape.nodes.map((node) => switchOn(world, node)),
      ])
      await Promise.all(lab.nodes.map((node) => makeContainers(node)))
      return lab
    } catch (error) {
      if (process.env['GPUPLAY_LAB_KEEP'] === undefined) await Lab.down(owner.name)
      throw error
    }
  }

  /** The lab of this name, if it is running. */
  static find(name?: string): Lab | undefined {
    const owner = instance(name)
    const file = join(owner.stateDir, 'lab.json')
    if (!existsSync(file)) return undefined
    const recorded: Recorded = JSON.parse(readFileSync(file, 'utf8'))
    const world = World.find(owner, recorded.slot)
    return world === undefined ? undefined : new Lab(world, recorded.topology)
  }

  /** Names of all running labs on this machine. */
  static all(): readonly string[] {
    if (!existsSync(stateRoot)) return []
    return readdirSync(stateRoot).filter((name) => !name.startsWith('.') && Lab.find(name) !== undefined)
  }

  /** Stops a lab and removes its processes, mounts, namespaces, cgroups, links and files. Does nothing if there is none. */
  static async down(name?: string): Promise<void> {
    const owner = instance(name)
    const file = join(owner.stateDir, 'lab.json')
    const slot = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded).slot : undefined
    if (existsSync(owner.stateDir)) await stopWorld(owner, slot === undefined ? '' : network(slot).link)
    releaseNetwork(owner)
  }

  down(): Promise<void> {
    return Lab.down(this.instance.name)
  }

  /** @throws LabError for an unknown node, listing the names of the nodes. */
  node(name: string): LabNode {
    const spec = this.topology.nodes.find((node) => node.name === name)
    if (spec !== undefined) return new LabNode(this.world, spec)
    const names = this.topology.nodes.map((node) => node.name).join(', ')
    throw new LabError(`the lab has no node "${name}"`, `It has ${names}.`)
  }

  get nodes(): readonly LabNode[] {
    return this.topology.nodes.map((spec) => new LabNode(this.world, spec))
  }

  /** @throws LabError if no node has this container. */
  container(ctid: number): LabContainer {
    const found = this.containers.find((container) => container.spec.ctid === ctid)
    if (found !== undefined) return found
    const ctids = this.containers.map((container) => container.spec.ctid).join(', ')
    throw new LabError(`the lab has no container ${ctid}`, `It has ${ctids || 'none'}.`)
  }

  get containers(): readonly LabContainer[] {
    return this.nodes.flatMap((node) => node.spec.containers.map((spec) => new LabContainer(node, spec)))
  }

  /** Runs a program of this machine in the lab's network, where it reaches and trusts the simulated internet. */
  run(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const certificates = join(this.instance.stateDir, 'ca-certificates.crt')
    const env = { NODE_EXTRA_CA_CERTS: certificates, ...options.env }
    return this.world.attempt(argv, { ...options, env })
  }

  /** Saves all disks and the list of running containers. Replaces a state of the same name. */
  async save(name: string): Promise<void> {
    const running = await Promise.all(this.nodes.map((node) => runningContainers(node)))
    const nodes = this.topology.nodes.map((node) => node.name)
    await this.world.run([this.world.script('save.sh'), this.instance.stateDir, savedName(name), ...nodes])
    writeFileSync(this.world.path('nodes/.saved', name, 'running.json'), JSON.stringify(running.flat()))
  }

  /**
   * Restores all disks to a saved state, boots the nodes, and starts the containers that ran then. Ends all faults.
   * @throws LabError if there is no such state.
   */
  async restore(name: string): Promise<void> {
    const file = this.world.path('nodes/.saved', savedName(name), 'running.json')
    if (!existsSync(file))
      throw new LabError(`there is no saved state "${name}"`, 'Saved states are removed when the lab stops.')
    const running: readonly number[] = JSON.parse(readFileSync(file, 'utf8'))
    breakInternet(this.world, [])
    await Promise.all(this.nodes.map((node) => node.powerOff()))
    const nodes = this.topology.nodes.map((node) => node.name)
    await this.world.run([this.world.script('restore.sh'), this.instance.stateDir, name, ...nodes])
    await Promise.all(
      this.nodes.map(async (node) => {
        await node.powerOn()
        await runContainers(node, running)
      }),
    )
  }

  /** Names of the saved states. */
  get savedStates(): readonly string[] {
    return readdirSync(this.world.path('nodes/.saved'))
  }

  /** Lists the files of all hosts that differ from the image; `snapshotDifferences` compares two lists. */
  async snapshotFiles(): Promise<FileSnapshot> {
    const nodes = await Promise.all(this.nodes.map((node) => snapshotNode(node)))
    return new Map(nodes.flatMap((node) => [...node]))
  }

  /** Reboots a node with `reboot`, into `kernel` if given, and waits until its sshd answers again. */
  async reboot(name: string, kernel?: string): Promise<void> {
    await this.node(name).reboot(kernel)
  }

  /** Options with which `ssh` and `scp` connect to the nodes without prompts. */
  get sshConfig(): string {
    return join(this.instance.stateDir, 'ssh_config')
  }

  get knownHosts(): string {
    return join(this.instance.stateDir, 'known_hosts')
  }

  get privateKey(): string {
    return join(this.instance.stateDir, 'id_ed25519')
  }

  /** Runs a command through sshd, as gpuplay does. */
  ssh(node: string, command: string, options: RunOptions = {}): Promise<Finished> {
    return attempt(['ssh', '-F', this.sshConfig, this.node(node).spec.name, command], options)
  }

  #writeFiles(hostKeys: readonly string[]): void {
    const { nodes } = this.topology
    const known = nodes.map((node, index) => `${node.name},${node.address} ${hostKeys[index] ?? ''}\n`)
    writeFileSync(this.knownHosts, known.join(''))
    const hosts = nodes.map((node) => `Host ${node.name}\n  HostName ${node.address}\n`)
    const common = [
      'Host *',
      '  User root',
      `  IdentityFile ${this.privateKey}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${this.knownHosts}`,
      '  StrictHostKeyChecking yes',
    ]
    writeFileSync(this.sshConfig, `${hosts.join('')}${common.join('\n')}\n`)
    const { stateDir } = this.instance
    writeFileSync(join(stateDir, 'inventory.yaml'), inventory(this.topology, stateDir))
    writeFileSync(join(stateDir, 'addresses.yaml'), addresses(this.topology, stateDir))
    const recorded: Recorded = { slot: this.world.network.slot, topology: this.topology }
    writeFileSync(join(this.instance.stateDir, 'lab.json'), `${JSON.stringify(recorded, null, 2)}\n`)
  }
}

/** Creates the key that every node accepts; returns the public key. */
async function makeKey(owner: Instance): Promise<string> {
  const file = join(owner.stateDir, 'id_ed25519')
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `gpuplay lab ${owner.name}`, '-f', file])
  return readFileSync(`${file}.pub`, 'utf8')
}

/** Files that replace the machine's inside the world: the name server, and certificates with the lab's authority. */
function trustedOnTheInside(owner: Instance, addresses: Network, keys: string): void {
  const bundle = '/etc/ssl/certs/ca-certificates.crt'
  const certificates = [bundle, join(keys, 'ca.crt')].map((file) => readFileSync(file, 'utf8'))
  writeFileSync(join(owner.stateDir, 'ca-certificates.crt'), certificates.join('\n'))
  writeFileSync(join(owner.stateDir, 'resolv.conf'), `search lab.test\nnameserver ${addresses.internet}\n`)
}

function savedName(name: string): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(name)) return name
  throw new LabError(`"${name}" cannot be the name of a saved state`, 'Use a-z, 0-9 and -.')
}

/** Names that the lab's name server resolves in addition to those of the simulated internet. */
function hostNames(shape: Topology): Record<string, string> {
  const hosts = shape.nodes.flatMap((node) => [
    { name: node.name, address: node.address },
    ...node.containers.map((container) => ({ name: container.hostname, address: container.address })),
  ])
  return Object.fromEntries(
    hosts.flatMap(({ name, address }) => [name, `${name}.lab.test`].map((one) => [one, address])),
  )
}
