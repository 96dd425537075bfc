/** Transports the questions and frames of a run. */
import type { Chance, VirtualClock } from './clock.ts'
import type { Deed, SimulatedMachine } from './machine.ts'
import type { FaultRates } from './fault-rates.ts'

export interface LineOptions {
  readonly run: number
  readonly clock: VirtualClock
  readonly chance: Chance
  readonly machines: ReadonlyMap<string, SimulatedMachine>
  readonly faultRates: FaultRates
  readonly deeds: Deed[]
}

export interface Line {
  readonly options: LineOptions
  machine(name: string): SimulatedMachine
  /** Never resolves after the run was killed. */
  pause(milliseconds: number): Promise<void>
  /** The time of a message to the machine or back. */
  latency(): Promise<void>
  /** Ends the connection to a machine, and all connections through it. */
  drop(machine: SimulatedMachine): void
}
