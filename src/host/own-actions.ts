/** Runs gpuplay's own actions, outside any task: notes of handlers, guests of a node. */
import { HostError } from '../base/errors.ts'
import type { Action } from './action.ts'
import { ConnectionLostError } from './connection-lost.ts'
import type { ActionReply, MachineAccess } from './access.ts'
import { type Means, scripts } from './means.ts'
import type { WindowContext } from './step.ts'

/**
 * Carries out actions in order. Returns the output of the programs among them, by action.
 * @throws HostError with the first failure; ConnectionLostError if it is unknown whether they were done;
 * UnreachableError; the reason of `context.signal` if not all of them began
 */
export async function carryOutOwn(
  actions: readonly Action[],
  machine: MachineAccess,
  context: Pick<WindowContext, 'signal' | 'lease'> & { readonly means?: Means },
): Promise<readonly (ActionReply | undefined)[]> {
  const steps = actions.map((action) => ({ action, expects: new Map(), notes: [] }))
  const results = await (context.means ?? scripts).carryOut(steps, machine, context)
  return results.map((result) => {
    switch (result.kind) {
      case 'done':
        return result.reply
      case 'failed':
        throw new HostError(result.problem)
      case 'stale':
        throw new HostError({ code: 'changed-meanwhile', message: result.why, hint: 'run again' })
      case 'lost':
        throw new ConnectionLostError(machine.name, result.why)
      case 'notBegun':
        context.signal.throwIfAborted()
        throw new Error(`an action on ${machine.name} did not begin, although the run was not interrupted`)
    }
  })
}
