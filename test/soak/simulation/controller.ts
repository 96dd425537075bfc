/** Connects one run to machines in memory: its world, connections, questions and frames, with faults. */
import { UnreachableError } from '../../../src/base/errors.ts'
import type { World } from '../../../src/base/world.ts'
import type { Connection, Shell, Target } from '../../../src/connection/connection.ts'
import type { Reach } from '../../../src/fleet/machine.ts'
import type { Means } from '../../../src/host/means.ts'
import type { Lease, LeaseResult } from '../../../src/host/state.ts'
import { Asker } from './asker.ts'
import { Frames } from './frames.ts'
import type { Line, LineOptions } from './line.ts'
import type { SimulatedMachine } from './machine.ts'
import { SimulatedShell } from './shell.ts'

export class Controller implements Line {
  readonly options: LineOptions
  readonly frames: Frames
  readonly #shells = new Set<SimulatedShell>()
  readonly #leases = new Map<SimulatedMachine, AbortController>()
  #alive = true

  constructor(options: LineOptions) {
    this.options = options
    this.frames = new Frames(this)
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Never resolves after the run was killed. */
  pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.options.clock.in(milliseconds, () => {
        if (this.#alive) resolve()
      })
    })
  }

  /** The time of a message to the machine or back. */
  latency(): Promise<void> {
    const { chance, faultRates } = this.options
    return this.pause(chance.happens(faultRates.slow) ? chance.between(500, 8000) : chance.between(1, 40))
  }

  /** Kills the process: its connections end, but frames that it sent may continue. */
  kill(): void {
    this.#alive = false
    this.frames.abandon()
    this.#closeAll()
  }

  machine(name: string): SimulatedMachine {
    const machine = this.options.machines.get(name)
    if (machine === undefined) throw new Error(`no machine ${name}`)
    return machine
  }

  /** Ends the connection to a machine, and all connections through it. */
  drop(machine: SimulatedMachine): void {
    const { chance, faultRates, clock } = this.options
    if (chance.happens(faultRates.staysDown)) machine.downUntil = clock.now + chance.between(500, 80_000)
    for (const shell of this.#shells) if (isBehind(shell.machine, machine)) shell.end()
    for (const [held] of this.#leases) if (isBehind(held, machine)) this.#endLease(held)
  }

  world(): World {
    const { clock, chance } = this.options
    return {
      now: () => new Date(1_700_000_000_000 + clock.now),
      clock: () => clock.now,
      sleep: (milliseconds, signal) =>
        new Promise((resolve, reject) => {
          if (signal.aborted) reject(signal.reason)
          const stop = (): void => reject(signal.reason)
          signal.addEventListener('abort', stop, { once: true })
          void this.pause(milliseconds).then(() => {
            signal.removeEventListener('abort', stop)
            resolve()
          })
        }),
      randomHex: (bytes) =>
        Array.from({ length: bytes * 2 }, () => chance.whole(0, 15).toString(16)).join(''),
      environment: {},
      home: '/nowhere',
      userName: 'user',
      hostName: 'controller',
      addresses: [],
      pid: 1,
      workingDirectory: '/nowhere',
    }
  }

  reach(): Reach {
    return {
      connect: (target) => this.#connect(target),
      openShell: (connection) => this.#open(connection),
      upload: () => Promise.reject(new Error('files of the controller are not simulated')),
      close: () => {
        this.#closeAll()
        return Promise.resolve()
      },
    }
  }

  means(): Means {
    return {
      createBatcher: (options) => new Asker(this, options),
      carryOut: (steps, access, context) => this.frames.carryOut(steps, access, context),
      takeLease: (access, { run }) => this.#take(this.machine(access.name), run),
    }
  }

  async #connect(target: Target): Promise<Connection> {
    if (target.kind === 'local') throw new Error('the controller is not a simulated machine')
    return new SimulatedConnection(this.machine(target.kind === 'pct' ? `c${target.ctid}` : target.address))
  }

  async #open(connection: Connection): Promise<Shell> {
    if (!(connection instanceof SimulatedConnection)) throw new Error('not a simulated connection')
    const { machine } = connection
    await this.latency()
    if (this.#isDown(machine)) {
      throw new UnreachableError({ code: 'connection-refused', message: `${machine.name} does not answer` })
    }
    const shell = new SimulatedShell(machine)
    this.#shells.add(shell)
    return shell
  }

  #isDown({ downUntil, node }: SimulatedMachine): boolean {
    const { now } = this.options.clock
    return downUntil > now || (node !== undefined && node.downUntil > now)
  }

  async #take(machine: SimulatedMachine, run: string): Promise<LeaseResult> {
    await this.latency()
    if (this.#isDown(machine))
      throw new UnreachableError({ code: 'connection-lost', message: `${machine.name} does not answer` })
    if (machine.holder !== undefined) return { kind: 'held', by: machine.holder.by }
    const ended = new AbortController()
    machine.holder = { by: `run ${run}`, ended }
    machine.token += 1
    this.#leases.set(machine, ended)
    const lease: Lease = {
      token: machine.token,
      ended: ended.signal,
      release: async () => {
        await this.latency()
        if (!ended.signal.aborted) this.#endLease(machine)
      },
    }
    await this.latency()
    return { kind: 'taken', lease }
  }

  /** Whether this run has the lease. */
  holds(ended: AbortController): boolean {
    return [...this.#leases.values()].includes(ended)
  }

  #endLease(machine: SimulatedMachine): void {
    const ended = this.#leases.get(machine)
    this.#leases.delete(machine)
    if (machine.holder?.ended === ended) machine.holder = undefined
    ended?.abort(new Error('the lease ended'))
  }

  #closeAll(): void {
    for (const shell of this.#shells) shell.end()
    for (const machine of this.#leases.keys()) this.#endLease(machine)
  }
}

/** Whether a machine is the other one or is reached through it. */
function isBehind(machine: SimulatedMachine, through: SimulatedMachine): boolean {
  return machine === through || machine.node === through
}

class SimulatedConnection implements Connection {
  readonly kind = 'ssh'
  readonly machine: SimulatedMachine

  constructor(machine: SimulatedMachine) {
    this.machine = machine
  }

  open(): Promise<never> {
    return Promise.reject(new Error('channels are not simulated'))
  }

  async close(): Promise<void> {
    // Shells end by themselves.
  }
}
