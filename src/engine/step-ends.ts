/** How steps of a play end on one host, and what that means for the tasks that they leave out. */
import type { Block, Task } from '../language/model.ts'
import type { Layer } from '../language/scope.ts'
import type { TaskContext } from '../task/task-context.ts'

/** How a list of steps ended on a host. `ended`: `meta` has ended the play there. */
export type StepsEnd = 'done' | 'failed' | 'stopped' | 'ended'

/** Why the steps after such an end did not run. */
export const whySkipped: Readonly<Record<StepsEnd, string>> = {
  done: 'nothing failed',
  failed: 'an earlier task failed',
  stopped: 'the run stopped',
  ended: 'an earlier task has ended the play',
}

/** False if the playbook says that the task never fails. */
export function mayFail({ ignoreErrors, failedWhen = [] }: Task): boolean {
  return !ignoreErrors && !failedWhen.some(({ source }) => source.trim() === 'false')
}

/** Where steps stand. */
export interface StepsAround {
  readonly inBlock: boolean
  /** A failure is followed by the `rescue` of a block. */
  readonly rescued: boolean
  /** The steps clean up: failures of other hosts do not stop them. */
  readonly cleanup: boolean
  readonly layers: readonly Layer[]
  /** Dry runs only: why it is unknown whether the steps run. */
  readonly doubt: string | undefined
  /** The steps are handlers, which run even if the play has ended. */
  readonly handlers: boolean
  /** The tasks that run after these steps unless something fails. */
  readonly following: readonly Task[]
}

/** Names the parts of a block that an interruption cut off. */
export function warnOfCut({ run, host }: TaskContext, { name }: Block, cut: readonly string[]): void {
  if (cut.length === 0 || run.check) return
  const parts = cut.map((part) => `"${part}"`).join(' and ')
  run.emitter.emit({
    type: 'warning',
    host: host.machine.name,
    message: `interrupted: ${parts} of "${name}" did not run to the end`,
  })
}
