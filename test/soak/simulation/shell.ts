/** The shell of a machine in memory. */
import type { Shell } from '../../../src/connection/connection.ts'
import type { SimulatedMachine } from './machine.ts'

/** Only says whether it is still there: what would go through it goes through the means of its run. */
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

  /** What is sent now has its turn once all that was sent before it has ended; `end` ends it. */
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
