/**
 * Whether a plan is still right under its holds. Other hosts of the run may have rebooted while this one
 * waited, and nothing on this host shows it: the votes of a cluster and the health of its storage change from
 * outside. So a reboot is always planned again once it holds its cluster.
 */
import { isDeepStrictEqual } from 'node:util'
import { HostError, UnreachableError } from '../base/errors.ts'
import { UnknownError } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import type { Unit } from './unit.ts'
import type { TaskHost } from './window-host.ts'

/** True if none of the actions is a reboot, or if the unit plans the same actions again. */
export async function stillPlanned(unit: Unit, actions: readonly Action[], host: TaskHost): Promise<boolean> {
  if (!actions.some(({ kind }) => kind === 'reboot')) return true
  host.waited()
  try {
    const plan = unit.plan(await host.probe(unit, undefined))
    return plan.refusal === undefined && isDeepStrictEqual(plan.actions, actions)
  } catch (error) {
    // The unit asks again, and fails then if the error persists.
    if (error instanceof HostError || error instanceof UnreachableError || error instanceof UnknownError)
      return false
    throw error
  }
}
