/**
 * One machine of a run: how it is reached, its shells, and what must be known to act on it safely.
 *
 * A container's shells come through its node, so whoever takes the node down closes them too. Shells are opened when they are first needed: a stopped
 * container of which only the configuration is read is never entered.
 */
import type { HostName } from '../base/brand.ts'
import { UnreachableError } from '../base/errors.ts'
import type { Channel, Connection, Privilege, Shell, Target } from '../connection/connection.ts'
import type { Placement } from '../host/host.ts'
import { defaultStateDirectory, type UploadRequest } from '../host/access.ts'
import type { Lease } from '../host/state.ts'
import { withPrivilege } from './targets.ts'

/** How machines are reached; `src/connection` in earnest, a fake in tests. */
export interface Reach {
  /** A way to the target; ways to the same node share their connections. */
  connect(target: Target, signal: AbortSignal): Promise<Connection>
  openShell(connection: Connection, signal: AbortSignal): Promise<Shell>
  /** Sends a file of the machine that gpuplay runs on, mode 0600, and compares its checksum there. @throws HostError, UnreachableError */
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
  /** How the machine's own variables say that privilege is had; a task may say otherwise. */
  readonly privilege: Privilege['become']
  readonly node: Machine | undefined
  readonly reach: Reach
  readonly signal: AbortSignal
  /** The run takes no new actions: whoever has not been reached yet is not waited for. `signal` when not given. */
  readonly interruption?: AbortSignal | undefined
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** Instead of the usual places. */
  readonly stateDirectory?: string | undefined
  readonly onConnecting: () => void
  readonly onConnected: () => void
}

/** Counts changes on a node and its containers: what was read before the count moved is not trusted. */
export interface Epoch {
  value: number
}

export class Machine {
  readonly name: HostName
  readonly placement: Placement
  readonly node: Machine | undefined
  readonly epoch: Epoch
  readonly #options: MachineOptions
  readonly #shells = new Map<string, Promise<Shell>>()
  readonly #containers: Machine[] = []
  /**
   * With which privilege gpuplay keeps its own things here: the host's own, or the one that the tasks of its plays take. Actions of other users are not checked
   * against the lease: they could not read it.
   */
  statePrivilege: Privilege['become']
  #state: Promise<string> | undefined
  #reopening: Promise<Shell> | undefined
  #announced = false
  #bootId: string | undefined
  /** By the name of who one becomes; '' for the login. */
  readonly #uids = new Map<string, number>()
  lease: Lease | undefined
  /** Open, for a lease that is not taken yet. */
  #leaseChannel: Promise<Channel> | undefined
  #ended = false

  constructor(options: MachineOptions) {
    this.#options = options
    this.name = options.name
    this.placement = options.placement
    this.node = options.node
    this.epoch = options.node?.epoch ?? { value: 0 }
    this.statePrivilege = options.privilege
    options.node?.adopt(this)
  }

  get privilege(): Privilege['become'] {
    return this.#options.privilege
  }

  /** The last boot id that was seen here. */
  get bootId(): string | undefined {
    return this.#bootId
  }

  /** Containers of this node that take part in the run. */
  get containers(): readonly Machine[] {
    return this.#containers
  }

  /** Whether this privilege makes one root here, as far as a shell has been opened with it. */
  isRoot(privilege: Privilege['become']): boolean {
    return (this.#uids.get(privilege?.user ?? '') ?? 0) === 0
  }

  adopt(container: Machine): void {
    this.#containers.push(container)
  }

  /**
   * The shell for one purpose (`read`, or the name of the host that acts) and one privilege; opened when first asked for and again after it has gone.
   * @throws UnreachableError, also after `end`: what reads ahead may still ask then, and nobody would close what it opened.
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
   * Where gpuplay keeps its own things: `/var/lib/gpuplay/v1`, or in the home of a user who is not root.
   * @throws UnreachableError
   */
  async stateDirectory(): Promise<string> {
    this.#state ??= this.#findState().catch((error: unknown) => {
      this.#state = undefined
      throw error
    })
    return this.#state
  }

  /** Whether the state is the whole system's: whoever works here is root. @throws UnreachableError */
  async keepsSystemState(): Promise<boolean> {
    return (await this.stateDirectory()) === defaultStateDirectory
  }

  async #findState(): Promise<string> {
    const { stateDirectory, signal } = this.#options
    if (stateDirectory !== undefined) return stateDirectory
    const shell = await this.shell('read', this.statePrivilege)
    if (shell.greeting.uid === 0) return defaultStateDirectory
    const reply = await shell.run('printf %s "$HOME"', { timeout: 10_000, signal })
    const home = reply.kind === 'exited' && reply.code === 0 ? reply.stdout.toString('utf8') : ''
    return home.startsWith('/') ? `${home}/.local/state/gpuplay/v1` : defaultStateDirectory
  }

  /** A program with its own streams, beside the shells. */
  async channel(command: string, privilege: Privilege['become']): Promise<Channel> {
    return (await this.connection(privilege)).open(command, this.#options.signal)
  }

  /** Opens, with `open`, what a lease will be taken on; once. */
  openLeaseChannel(open: () => Promise<Channel>): void {
    // What reads ahead may come after the end.
    if (this.#leaseChannel !== undefined || this.#ended) return
    const channel = open()
    this.#leaseChannel = channel
    const forget = (): void => {
      if (this.#leaseChannel === channel) this.#leaseChannel = undefined
    }
    channel.then(({ ended }) => ended).then(forget, forget)
  }

  /** What was opened for a lease, for whoever takes it now. */
  takeLeaseChannel(): Promise<Channel> | undefined {
    const channel = this.#leaseChannel
    this.#leaseChannel = undefined
    return channel
  }

  async connection(privilege: Privilege['become']): Promise<Connection> {
    return this.#options.reach.connect(withPrivilege(this.#options.target, privilege), this.#patience)
  }

  /** Closes all for good. */
  async end(): Promise<void> {
    this.#ended = true
    await this.closeShells()
  }

  /** Closes every shell here and in the containers: the machine is about to go down, or has. The lease went with them. */
  async closeShells(): Promise<void> {
    const shells = [...this.#shells.values()]
    this.#shells.clear()
    const { lease } = this
    this.lease = undefined
    await Promise.all([
      // The channel of a lease may outlive the shells, and would keep this run itself from taking it again.
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
   * Opens a shell again after the connection dropped, or after a reboot: tries until the deadline. Whoever takes any shell waits with those who
   * wait already, until the deadline of the first.
   * @throws UnreachableError with the last reason.
   */
  reopen(milliseconds: number, accept?: (shell: Shell) => boolean): Promise<Shell> {
    if (accept !== undefined) return this.#reopenUntil(milliseconds, accept)
    this.#reopening ??= this.#reopenUntil(milliseconds, () => true).finally(() => {
      this.#reopening = undefined
    })
    return this.#reopening
  }

  async #reopenUntil(milliseconds: number, accept: (shell: Shell) => boolean): Promise<Shell> {
    const { signal, sleep } = this.#options
    const attempts = reopenPauses(milliseconds)
    for (;;) {
      signal.throwIfAborted()
      try {
        const shell = await this.shell('read', this.privilege)
        if (accept(shell)) return shell
        await this.closeShells()
        if (attempts.length === 0) throw stillOldBoot(this.name)
      } catch (error) {
        if (!(error instanceof UnreachableError) || attempts.length === 0) throw error
      }
      await sleep(attempts.shift() ?? 0, signal)
    }
  }

  /** Nothing of this run is in progress where no shell has been yet. */
  get #patience(): AbortSignal {
    const { signal, interruption = signal } = this.#options
    return this.#announced ? signal : interruption
  }

  async #open(privilege: Privilege['become']): Promise<Shell> {
    const { reach } = this.#options
    if (!this.#announced) this.#options.onConnecting()
    const shell = await reach.openShell(await this.connection(privilege), this.#patience)
    this.#bootId = shell.greeting.bootId
    this.#uids.set(privilege?.user ?? '', shell.greeting.uid)
    if (!this.#announced) {
      this.#announced = true
      this.#options.onConnected()
    }
    return shell
  }
}

/** Half a second, growing to three, until the sum is reached. */
function reopenPauses(milliseconds: number): number[] {
  const pauses: number[] = []
  let sum = 0
  let next = 250
  while (sum < milliseconds) {
    pauses.push(next)
    sum += next
    next = Math.min(next * 1.3, 3000)
  }
  return pauses
}

function ended(name: HostName): UnreachableError {
  return new UnreachableError({ code: 'run-ended', message: `the run on ${name} has ended` })
}

function stillOldBoot(name: HostName): UnreachableError {
  return new UnreachableError({
    code: 'did-not-reboot',
    message: `${name} has not rebooted yet`,
    hint: 'check the console of the host: something delays its shutdown',
  })
}
