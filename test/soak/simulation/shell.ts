/** The shell of a machine in memory. */
import type { Shell } from '../../../src/connection/connection.ts'
import type { SimulatedMachine } from './machine.ts'

/** Knows only whether it has ended: the run's means transport questions and frames without it. */
export class SimulatedShell implements Shell {
  readonly greeting
  readonly machine: SimulatedMachine
  readonly #gone = new AbortController()
  #before: Promise<void> = Promise.resolve()

  constructor(machine: SimulatedMachine) {
    this.machine = machine
    const bootId = `boot of ${machine.node?.name ?? machine.name}`
    this.greeting = { bootId, uid: 0, kernel: '', architecture: '', hostname: machine.name }
  }

  /** Queues a message. `turn` resolves when all earlier messages have ended; `end` ends this one. */
  queue(): { readonly turn: Promise<void>; readonly end: () => void } {
    const turn = this.#before
    let end = (): void => undefined
    this.#before = new Promise((resolve) => (end = resolve))
    return { turn, end }
  }

  get gone(): AbortSignal {
    return this.#gone.signal
  }

  end(): void {
    this.#gone.abort(new Error('the shell ended'))
  }

  run(): Promise<never> {
    return Promise.reject(new Error('scripts are not simulated'))
  }

  close(): Promise<void> {
    this.end()
    return Promise.resolve()
  }
}
