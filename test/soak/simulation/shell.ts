/** The shell of a machine in memory. */
import type { Shell } from '../../../src/connection/connection.ts'
import type { SimulatedMachine } from './machine.ts'

/** Only says whether it is still there: what would go through it goes through the means of its run. */
export class SimulatedShell implements Shell {
  readonly greeting
  readonly machine: SimulatedMachine
  readonly #gone = new AbortController()

  constructor(machine: SimulatedMachine) {
    this.machine = machine
    const bootId = `boot of ${machine.node?.name ?? machine.name}`
    this.greeting = { bootId, uid: 0, kernel: '', architecture: '', hostname: machine.name }
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
