/** The ways to query, change and lease a machine. */
import { type Batcher, type BatcherOptions, createBatcher } from './batch.ts'
import type { MachineAccess } from './access.ts'
import { type LeaseHolder, type LeaseResult, takeLease } from './state.ts'
import type { Step, StepResult, WindowContext } from './step.ts'
import { carryOut } from './action-frame.ts'

/**
 * Everything that a run does to machines goes through this: scripts in a real run, a model of the machine in
 * a simulation.
 */
export interface Means {
  createBatcher(options: BatcherOptions): Batcher
  /** @throws as `carryOut` of `action-frame.ts` */
  carryOut(
    steps: readonly Step[],
    machine: MachineAccess,
    context: WindowContext,
  ): Promise<readonly StepResult[]>
  /** @throws as `takeLease` of `state.ts` */
  takeLease(machine: MachineAccess, holder: LeaseHolder): Promise<LeaseResult>
}

/** Runs scripts in the machine's shells. */
export const scripts: Means = { createBatcher, carryOut, takeLease }
