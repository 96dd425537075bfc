/**
 * One machine of a run: how to reach it, its shells, and the state that safe actions need.
 *
 * Shells of a container go through its node, so taking the node down closes them too. Shells open on first
 * use: a stopped container whose configuration alone is read is never entered.
 */
import type { HostName } from '../base/brand.ts'
import { UnreachableError } from '../base/errors.ts'
import type { Channel, Connection, Privilege, Shell, Target } from '../connection/connection.ts'
import type { Placement } from '../host/host.ts'
import { defaultStateDirectory, type UploadRequest } from '../host/access.ts'
import type { Lease } from '../host/state.ts'
import { openAgain } from './open-again.ts'
import { createPatience, type Patience } from './patience.ts'
import { withPrivilege } from './targets.ts'

/** How to reach machines: `src/connection` in real runs, a fake in tests. */
export interface Reach {
  /** Connects to the target. Targets on the same node share its connections. */
  connect(target: Target, signal: AbortSignal): Promise<Connection>
  openShell(connection: Connection, signal: AbortSignal): Promise<Shell>
  /**
   * Sends a file of the machine that gpuplay runs on, with mode 0600, and verifies its checksum there.
   * @throws HostError, UnreachableError
   */
  upload(
    connection: Connection,
    request: UploadRequest & { readonly from: string; readonly to: string },
  ): Promise<void>
  close(): Promise<void>
}

export interface MachineOptions {
  readonly name: HostName
  readonly target: Target
  readonly placement: Placement
  /** The privilege that the machine's variables set. A task may override it. */
  readonly privilege: Privilege['become']
  readonly node: Machine | undefined
  readonly reach: Reach
  /** Aborts everything at once. */
  readonly signal: AbortSignal
  /** Aborted when the run starts no new actions. Default: `signal`. */
  readonly interruption?: AbortSignal | undefined
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
  /** Overrides the default state directory. */
  readonly stateDirectory?: string | undefined
  readonly onConnecting: () => void
  readonly onConnected: () => void
}

/** Counts changes on a node and its containers. Answers from before a change are not trusted. */
export interface Epoch {
  value: number
}

export class Machine {
  readonly name: HostName
  readonly placement: Placement
  readonly node: Machine | undefined
  readonly epoch: Epoch
  /** Ends reads and the opening of shells. */
  readonly patience: Patience
  readonly #options: MachineOptions
  readonly #shells = new Map<string, Promise<Shell>>()
  readonly #containers: Machine[] = []
  /**
   * The privilege that owns gpuplay's state here: the host's, or the one that the tasks of its plays use.
   * Actions of other users are not checked against the lease, because those users cannot read it.
   */
  statePrivilege: Privilege['become']
  #state: Promise<string> | undefined
  #reopening: Promise<Shell> | undefined
  #announced = false
  #bootId: string | undefined
  /** User ids by name of the user that sudo switches to; '' for the login. */
  readonly #uids = new Map<string, number>()
  lease: Lease | undefined
  /** An open channel for a lease that is not taken yet. */
  #leaseChannel: Promise<Channel> | undefined
  #ended = false

  constructor(options: MachineOptions) {
    this.#options = options
    this.name = options.name
    this.placement = options.placement
    this.node = options.node
    this.epoch = options.node?.epoch ?? { value: 0 }
    this.statePrivilege = options.privilege
    const { signal, interruption = signal } = options
    this.patience = createPatience({ interruption, cut: signal, node: options.node?.patience })
    options.node?.adopt(this)
  }

  get privilege(): Privilege['become'] {
    return this.#options.privilege
  }

  /** The latest boot id of this machine. */
  get bootId(): string | undefined {
    return this.#bootId
  }

  /** Containers of this node in the run. */
  get containers(): readonly Machine[] {
    return this.#containers
  }

  /** True if this privilege is root here, or if no shell with it has been opened yet. */
  isRoot(privilege: Privilege['become']): boolean {
    return (this.#uids.get(privilege?.user ?? '') ?? 0) === 0
  }

  adopt(container: Machine): void {
    this.#containers.push(container)
  }

  /**
   * Returns the shell for one purpose (`read`, or the name of the acting host) and one privilege. Opens it on
   * first use and after it has gone.
   * @throws UnreachableError; also after `end`, because reading ahead may still ask for a shell that nobody
   * would close
   */
  async shell(purpose: string, privilege: Privilege['become']): Promise<Shell> {
    if (this.#ended) throw ended(this.name)
    const key = `${privilege?.user ?? ''} ${purpose}`
    const present = this.#shells.get(key)
    if (present !== undefined) {
      const shell = await present
      if (!shell.gone.aborted) return shell
      if (this.#shells.get(key) === present) this.#shells.delete(key)
      return this.shell(purpose, privilege)
    }
    const opening = this.#open(privilege)
    this.#shells.set(key, opening)
    try {
      return await opening
    } catch (error) {
      if (this.#shells.get(key) === opening) this.#shells.delete(key)
      throw error
    }
  }

  /**
   * Returns the directory of gpuplay's state: `/var/lib/gpuplay/v1`, or a directory in the home of a user
   * other than root.
   * @throws UnreachableError
   */
  async stateDirectory(): Promise<string> {
    this.#state ??= this.directoryOf(this.statePrivilege).catch((error: unknown) => {
      this.#state = undefined
      throw error
    })
    return this.#state
  }

  /** True if the state directory is the system's, so its owner is root. @throws UnreachableError */
  async keepsSystemState(): Promise<boolean> {
    return (await this.stateDirectory()) === defaultStateDirectory
  }

  /** The directory in which this user would keep gpuplay's state. @throws UnreachableError */
  async directoryOf(privilege: Privilege['become']): Promise<string> {
    const { stateDirectory } = this.#options
    const signal = this.#waiting
    if (stateDirectory !== undefined) return stateDirectory
    const shell = await this.shell('read', privilege)
    if (shell.greeting.uid === 0) return defaultStateDirectory
    const reply = await shell.run('printf %s "$HOME"', { timeout: 10_000, signal })
    const home = reply.kind === 'exited' && reply.code === 0 ? reply.stdout.toString('utf8') : ''
    return home.startsWith('/') ? `${home}/.local/state/gpuplay/v1` : defaultStateDirectory
  }

  /** Starts a program with its own streams, next to the shells. */
  async channel(command: string, privilege: Privilege['become']): Promise<Channel> {
    return (await this.connection(privilege)).open(command, this.#waiting)
  }

  /** Opens the channel of a future lease with `open`, unless one is open. */
  openLeaseChannel(open: () => Promise<Channel>): void {
    // Reading ahead may call this after the end.
    if (this.#leaseChannel !== undefined || this.#ended) return
    const channel = open()
    this.#leaseChannel = channel
    const forget = (): void => {
      if (this.#leaseChannel === channel) this.#leaseChannel = undefined
    }
    channel.then(({ ended }) => ended).then(forget, forget)
  }

  /** Hands over the open channel for a lease, if there is one. */
  takeLeaseChannel(): Promise<Channel> | undefined {
    const channel = this.#leaseChannel
    this.#leaseChannel = undefined
    return channel
  }

  async connection(privilege: Privilege['become']): Promise<Connection> {
    return this.#options.reach.connect(withPrivilege(this.#options.target, privilege), this.#waiting)
  }

  /** Closes all shells for good. */
  async end(): Promise<void> {
    this.#ended = true
    await this.closeShells()
  }

  /** Closes every shell here and in the containers, and the lease: the machine goes down or is down. */
  async closeShells(): Promise<void> {
    const shells = [...this.#shells.values()]
    this.#shells.clear()
    const { lease } = this
    this.lease = undefined
    await Promise.all([
      // An open channel of the lease would keep this run from taking the lease again.
      lease?.release(),
      this.takeLeaseChannel()?.then(
        (channel) => channel.kill(),
        () => undefined,
      ),
      ...shells.map(async (opening) => {
        const shell = await opening.catch(() => undefined)
        await shell?.close()
      }),
      ...this.#containers.map((container) => container.closeShells()),
    ])
  }

  /**
   * Opens a shell again after the connection dropped or the machine rebooted. Retries until the deadline.
   * Callers that accept any shell share one attempt, with the deadline of the first caller.
   * @throws UnreachableError with the last reason
   */
  reopen(milliseconds: number, accept?: (shell: Shell) => boolean): Promise<Shell> {
    if (accept !== undefined) return this.#reopenUntil(milliseconds, accept)
    this.#reopening ??= this.#reopenUntil(milliseconds, () => true).finally(() => {
      this.#reopening = undefined
    })
    return this.#reopening
  }

  #reopenUntil(milliseconds: number, accept: (shell: Shell) => boolean): Promise<Shell> {
    const { sleep, clock } = this.#options
    const open = async (): Promise<Shell> => {
      const shell = await this.shell('read', this.privilege)
      if (accept(shell)) return shell
      await this.closeShells()
      throw stillOldBoot(this.name)
    }
    return openAgain(open, { milliseconds, sleep, clock, signal: this.#waiting })
  }

  get #waiting(): AbortSignal {
    return this.patience.changing ? this.#options.signal : this.patience.signal
  }

  async #open(privilege: Privilege['become']): Promise<Shell> {
    const { reach } = this.#options
    if (!this.#announced) this.#options.onConnecting()
    const shell = await reach.openShell(await this.connection(privilege), this.#waiting)
    this.#bootId = shell.greeting.bootId
    this.#uids.set(privilege?.user ?? '', shell.greeting.uid)
    if (!this.#announced) {
      this.#announced = true
      this.#options.onConnected()
    }
    return shell
  }
}

function ended(name: HostName): UnreachableError {
  return new UnreachableError({ code: 'run-ended', message: `the run on ${name} has ended` })
}

function stillOldBoot(name: HostName): UnreachableError {
  return new UnreachableError({
    code: 'did-not-reboot',
    message: `${name} has not rebooted yet`,
    hint: 'check the console of the host: something is delaying its shutdown',
  })
}
