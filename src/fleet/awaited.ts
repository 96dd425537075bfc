/** What the hosts of a run are at now: an interrupted run says what it waits for. */
import type { RunningTask, TaskRef } from '../events/events.ts'

export interface Awaited {
  /** From `turn` on it is the work of another task. What acts counts more than what only looks. */
  during<T>(span: AwaitedSpan, work: (turn: (task: TaskRef) => void) => Promise<T>): Promise<T>
  /** One task a host at most, in the order in which they began. */
  now(): readonly RunningTask[]
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
      const tasks = new Map<string, RunningTask>()
      for (const phase of ['act', 'look'] as const) {
        for (const { host, task, phase: own } of open)
          if (own === phase && !tasks.has(host)) tasks.set(host, { host, task })
      }
      return [...tasks.values()]
    },
  }
}
