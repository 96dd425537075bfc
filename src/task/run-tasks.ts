/** Runs tasks of one play on one host. Dry runs and real runs share this path. */
import { defined } from '../base/defined.ts'
import type { HostName } from '../base/brand.ts'
import { UnreachableError } from '../base/errors.ts'
import type { Task } from '../language/model.ts'
import type { Layer } from '../language/scope.ts'
import type { TaskContext } from './task-context.ts'
import type { TaskResult } from './item-result.ts'
import { Progress, Unit } from './unit.ts'
import { NotBehind, ReadAhead } from './read-ahead.ts'
import { Sequence } from './sequence.ts'
import type { HostContext } from './host-context.ts'
import { createTaskHost, type RealTaskHost } from './task-host.ts'
import { timedHost } from './timed-host.ts'
import { DryStage } from './dry-stage.ts'
import { Window } from './window.ts'

export interface TaskRunner {
  /**
   * Runs the tasks in order, until one returns `stop` or no new task may start.
   * @throws UnreachableError, HostError, InputError if a host fails outside a task
   */
  run(tasks: readonly Task[], options: RunTasksOptions): Promise<void>
}

export interface RunTasksOptions {
  /** Work on the host that must finish before the first task. The tasks are read meanwhile. */
  readonly begin?: (() => Promise<void>) | undefined
  /**
   * True in a block: if the host cannot be reached for that work, its first task is unreachable, and the block
   * handles it. The same applies to a first task with `ignore_unreachable`. Otherwise the work rejects.
   */
  readonly inBlock?: boolean
  /** Variables that only these tasks see. */
  readonly layers?: readonly Layer[]
  /** Dry runs only: why it is unknown whether the tasks run at all. */
  readonly doubt?: string
  /** A failure of these tasks is followed by the `rescue` of a block. */
  readonly rescued?: boolean
  /** Tasks that are likely to run next: they are read ahead too. */
  readonly following: readonly Task[]
  /** True if no new task may start. */
  readonly stopped: () => boolean
  /** Called after a task has finished and was reported; `stop` ends the run of these tasks. */
  readonly finished: (task: Task, result: TaskResult) => 'next' | 'stop'
}

/** The host that tasks act on: the play's, or that of `delegate_to`. */
function hostOf(play: TaskContext, delegate?: HostName): RealTaskHost {
  const { host, delegateTo, run } = play
  const context: HostContext =
    delegate === undefined ? play : { ...play, host: delegateTo(delegate), from: host }
  return timedHost(createTaskHost(context), host.machine.name, run)
}

export function createTaskRunner(play: TaskContext): TaskRunner {
  const { run } = play
  const host = hostOf(play)
  const aheadOf = (context: TaskContext): ReadAhead =>
    new ReadAhead({
      context,
      probe: async (task, item, ready, behind) => {
        const module = context.arguments.module(task.module)
        const progress = new Progress()
        const ref = context.ref(task)
        const unit = new Unit({ key: '', position: 0, task, ref, module, item, ready, progress })
        if (unit.imperative && !run.check) run.leases.prepare(context.host.machine)
        if (behind === undefined) return host.probe(unit, run.overlay)
        if (host.userOf(unit) !== host.userOf(behind)) throw new NotBehind()
        return host.probe(unit, run.overlay, { behind: true })
      },
      generation: () => host.generation(),
    })
  const usual = aheadOf(play)
  return {
    async run(tasks, { begin, inBlock = false, layers = [], doubt, following, ...options }) {
      // What other variables or conditions would change is not read ahead for them.
      const own = layers.length > 0 || doubt !== undefined
      const context: TaskContext = own
        ? {
            ...play,
            layers: [...play.layers, ...layers],
            ref: (task) => play.ref(task, layers),
            ...defined({ doubt }),
          }
        : play
      const readAhead = own ? aheadOf(context) : usual
      const begun = begin?.()
      if (!run.stepByStep && begun !== undefined) readAhead.begin([...tasks, ...following])
      const lost = await begun?.then(
        () => undefined,
        (error: unknown) => {
          const handled = inBlock || tasks[0]?.ignoreUnreachable === true
          if (handled && error instanceof UnreachableError) return error.problem
          throw error
        },
      )
      const sequence = new Sequence(
        {
          tasks,
          context,
          readAhead: run.stepByStep ? undefined : readAhead,
          following: own ? [] : following,
          rescued: false,
          lost,
          ...options,
        },
        (owner, delegate) => {
          const on = delegate === undefined ? host : hostOf(play, delegate)
          if (run.overlay !== undefined) return { stage: new DryStage(on, run.overlay), window: undefined }
          const window = new Window({ host: on, owner, stepByStep: run.stepByStep })
          return { stage: window, window }
        },
      )
      await sequence.run()
    },
  }
}
