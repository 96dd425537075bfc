/** What a unit sends, for tests of the sender. */
import type { Action } from '../../host/action.ts'
import type { Plan } from '../../host/plan.ts'
import type { Unit } from '../unit.ts'
import type { ActionOutcome, SendCallbacks, Sent } from '../window-host.ts'
import { wants } from './fake-task-host.ts'
import type { WatchedSender } from './watched-sender.ts'

/** The actions of one unit, with a separate plan and by default an empty reading. */
export function sentBy(unit: Unit, ...actions: readonly Action[]): readonly Sent[] {
  return sentAs(unit, { actions, diffs: [], warnings: [] })
}

export function sentAs(unit: Unit, plan: Plan, touched: readonly string[] = []): readonly Sent[] {
  const saw = new Map(touched.map((key) => [key, { content: 'absent' }]))
  return plan.actions.map((action) => ({
    unit,
    planned: { action, plan, reading: { seen: undefined, touched: saw, rests: false } },
  }))
}

export const one = wants('/a', '1')
export const deaf: SendCallbacks = { finished: () => undefined, onWay: () => undefined }

/** Sends, and returns what became of each action. */
export async function outcomes(
  { sender }: WatchedSender,
  sent: readonly Sent[],
): Promise<readonly ActionOutcome['kind'][]> {
  return (await sender.send(sent, deaf)).map(({ kind }) => kind)
}
