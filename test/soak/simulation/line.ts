/** What a run's questions and frames travel over. */
import type { Chance, VirtualClock } from './clock.ts'
import type { Deed, SimulatedMachine } from './machine.ts'
import type { Weather } from './weather.ts'

export interface LineOptions {
  readonly run: number
  readonly clock: VirtualClock
  readonly chance: Chance
  readonly machines: ReadonlyMap<string, SimulatedMachine>
  readonly weather: Weather
  readonly deeds: Deed[]
}

export interface Line {
  readonly options: LineOptions
  machine(name: string): SimulatedMachine
  /** Never comes back once the run was killed. */
  pause(milliseconds: number): Promise<void>
  /** One way of a message to the machine or back. */
  latency(): Promise<void>
  /** The connection to a machine is gone, and with it all that goes through it. */
  drop(machine: SimulatedMachine): void
}
