/**
 * The tasks that the hosts of a run are working on, so that an interrupted run can report which ones it waits
 * for.
 */
import type { TaskRef } from '../events/events.ts'

export interface Awaited {
  /**
   * Records the work of a task while it runs. `turn` assigns the rest of it to another task. Tasks that act
   * take precedence over tasks that only read.
   */
  during<T>(span: AwaitedSpan, work: (turn: (task: TaskRef) => void) => Promise<T>): Promise<T>
  /** At most one task per host, in the order in which they started, with what it does. */
  now(): readonly AwaitedSpan[]
}

export interface AwaitedSpan {
  readonly host: string
  readonly phase: 'look' | 'act'
  readonly task: TaskRef
}

export function createAwaited(): Awaited {
  const open = new Set<{ readonly host: string; readonly phase: AwaitedSpan['phase']; task: TaskRef }>()
  return {
    async during(span, work) {
      const entry = { ...span }
      open.add(entry)
      try {
        return await work((task) => {
          entry.task = task
        })
      } finally {
        open.delete(entry)
      }
    },
    now() {
      const tasks = new Map<string, AwaitedSpan>()
      for (const phase of ['act', 'look'] as const) {
        for (const { host, task, phase: own } of open)
          if (own === phase && !tasks.has(host)) tasks.set(host, { host, phase, task })
      }
      return [...tasks.values()]
    },
  }
}
