/** Records notified handlers in an own frame, where the frame of the change cannot. */
import { UnreachableError } from '../base/errors.ts'
import type { Machine } from '../fleet/machine.ts'
import type { RunContext } from '../fleet/run-context.ts'
import type { PendingNote } from '../host/expectation.ts'
import { noteActions } from '../host/notes.ts'
import { carryOutOwn } from '../host/own-actions.ts'
import type { HostContext } from './host-context.ts'
import type { Sent } from './window-host.ts'

/**
 * Records handlers just before the change if the user of the task cannot write the state directory. A
 * spurious note is harmless, a missing one is not.
 */
export async function recordAsKeeper(
  notes: readonly PendingNote[],
  target: Machine,
  { leases, means, signal }: Pick<RunContext, 'leases' | 'means' | 'signal'>,
): Promise<void> {
  const access = await leases.accessOf(target, target.statePrivilege)
  await carryOutOwn(noteActions(notes, await target.stateDirectory()), access, {
    signal,
    lease: (name) => leases.token(name),
    means,
  })
}

/**
 * Records handlers of delegated tasks on the host that will run them, just before the change. If that host
 * cannot be reached, it cannot run them either.
 */
export async function recordAtOwner(
  sent: readonly Sent[],
  { from, pending, run }: HostContext,
): Promise<void> {
  if (from === undefined) return
  const { machine } = from
  const all = sent.flatMap(({ unit }) => pending.notes(unit.task, machine))
  const notes = new Map(all.map((note) => [note.key, note]))
  if (notes.size === 0) return
  try {
    await run.leases.take(machine)
    await recordAsKeeper([...notes.values()], machine, run)
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    run.emitter.emit({
      type: 'warning',
      host: machine.name,
      message: `the handlers that this task notifies are not recorded, because the host cannot be reached: if the run ends before they run, no later run does (${error.problem.message})`,
    })
  }
}
