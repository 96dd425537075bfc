/** Stopgap. */
import { execute } from './execute.ts'
import type { MachineAccess } from './machine.ts'
import { notePendingScript } from './state.ts'
import type { Step, StepResult, WindowContext } from './step.ts'
import type { ShellText } from '../base/shell.ts'

export async function carryOut(
  steps: readonly Step[],
  machine: MachineAccess,
  context: WindowContext,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = []
  for (const [index, step] of steps.entries()) {
    const target = step.action.on === 'node' ? (machine.node ?? machine) : machine
    const scripts = step.notes.map((note) => notePendingScript(note, target.stateDirectory))
    const result = await execute(step.action, machine, {
      signal: context.signal,
      expectations: new Map([...step.expects].map(([path, { content }]) => [path, content])),
      ...(context.lease === undefined ? {} : { lease: context.lease }),
      ...(scripts.length === 0 ? {} : { alsoScript: scripts.join(' && ') as ShellText }),
      progress: (message, done, total) => context.progress?.(index, message, done, total),
    })
    context.finished?.(index, result)
    results.push(result)
    if (result.kind !== 'done') break
  }
  while (results.length < steps.length) results.push({ kind: 'notBegun' })
  return results
}
