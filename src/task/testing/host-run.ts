/** Runs tasks of one host on a host of texts, and records events and variables. */
import type { Event } from '../../events/events.ts'
import { DryStage } from '../dry-stage.ts'
import { ReadAhead } from '../read-ahead.ts'
import { Sequence } from '../sequence.ts'
import { Progress } from '../unit.ts'
import { Window } from '../window.ts'
import { FakeTaskHost, sayModule, writeModule } from './fake-task-host.ts'
import { type Prepared, prepared, type PreparedOptions } from './prepared.ts'
import { unitWith } from './test-units.ts'

export interface HostRun extends Prepared {
  readonly host: FakeTaskHost
  readonly events: Event[]
  /** Names of tasks that return `stop`. */
  readonly last: Set<string>
  /** True if no new task may start. */
  stopped: boolean
  /** Runs the tasks to their end. With `ahead`, reads everything first. */
  run(ahead?: boolean): Promise<void>
  /** `NAME OUTCOME` of each finished task, in order. */
  readonly outcomes: readonly string[]
  /** Labels of finished actions, by task. */
  readonly done: Readonly<Record<string, readonly string[]>>
}

export function hostRun(tasks: string, options: PreparedOptions = {}): HostRun {
  const events: Event[] = []
  const made = prepared(tasks, { events, modules: [writeModule, sayModule], ...options })
  const { context } = made
  const host = new FakeTaskHost()
  const last = new Set<string>()
  const { overlay } = context.run
  const outcomes: string[] = []
  const run: HostRun = {
    ...made,
    host,
    events,
    last,
    stopped: false,
    outcomes,
    async run(ahead = false) {
      const readAhead = new ReadAhead({
        context,
        generation: () => host.sends.length,
        probe: (_task, _item, ready) =>
          host.probe(unitWith(writeModule, new Progress(), { ready }), undefined),
      })
      const sequence = new Sequence(
        {
          tasks: made.tasks,
          context,
          readAhead: ahead ? readAhead : undefined,
          rescued: false,
          lost: undefined,
          following: [],
          stopped: () => run.stopped,
          finished({ name }, { outcome }) {
            outcomes.push(`${name} ${outcome}`)
            return last.has(name) ? 'stop' : 'next'
          },
        },
        (owner) => {
          if (overlay !== undefined) return { stage: new DryStage(host, overlay), window: undefined }
          const window = new Window({ host, owner, stepByStep: context.run.stepByStep })
          return { stage: window, window }
        },
      )
      await sequence.run()
    },
    get done() {
      const entries = events.flatMap((event) =>
        event.type === 'task.finished' ? [[event.task.name, event.detail.actions ?? []] as const] : [],
      )
      return Object.fromEntries(entries)
    },
  }
  return run
}
