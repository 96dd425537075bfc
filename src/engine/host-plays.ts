/**
 * Runs plays on hosts: assembles the context of the tasks of one play on one host, and reports how the play
 * ended there.
 */
import type { HostName } from '../base/brand.ts'
import { exitCodes, HostError, InputError, UnreachableError } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import { Unknown } from '../base/unknown.ts'
import type { TaskRef } from '../events/events.ts'
import type { FleetHost } from '../fleet/fleet.ts'
import { createPending, type PendingHandlers } from '../fleet/pending.ts'
import type { RunContext } from '../fleet/run-context.ts'
import { becomeUser, type ConnectionDefaults, privilege, type ReadVariable } from '../fleet/targets.ts'
import { displayName } from '../language/display-name.ts'
import type { Play, Task } from '../language/model.ts'
import type { Layer } from '../language/scope.ts'
import type { Arguments } from '../task/arguments.ts'
import type { Confirm, Gate } from '../task/confirmations.ts'
import type { TaskResult } from '../task/item-result.ts'
import type { OnceTurns } from '../task/once.ts'
import type { EnterTask } from '../task/task-context.ts'
import { unforeseen } from '../task/unforeseen.ts'
import { type PlayEnd, runPlay } from './play-runner.ts'
import type { Recap } from './recap.ts'
import type { PlayPart } from './schedule.ts'
import type { SelectedPlay } from './batches.ts'
import { refOf } from './task-refs.ts'

export interface HostPlays {
  run(part: PlayPart<SelectedPlay>, course: PlayCourse): Promise<PlayEnd>
  /** The tasks that the view shows for the play, handlers last. */
  refs(play: SelectedPlay): readonly TaskRef[]
  /**
   * Reports handlers that are pending on a host and that no play of this run defines. They stay pending.
   * @returns their number
   */
  reportUnknownHandlers(hosts: readonly HostName[]): Promise<number>
}

/** How a play on one host relates to the rest of the run. */
export interface PlayCourse {
  /** True if no new task may start. */
  readonly stopped: () => boolean
  /** Called as soon as a failure of a task ends the play on this host. */
  readonly failed: (result: TaskResult, task: Task) => void
  readonly once: OnceTurns
  readonly enter: EnterTask
}

export interface HostPlaysOptions {
  readonly run: RunContext
  readonly arguments: Arguments
  /** False for tasks that the command line leaves out. Handlers are not asked about. */
  readonly selected: (task: Task) => boolean
  /** Runs notified handlers also after a failure, in every play. */
  readonly forceHandlers: boolean
  readonly connection: ConnectionDefaults
  readonly recap: Recap
  /** Undefined if there is no terminal. */
  readonly asking: ((host: string) => Confirm) | undefined
  /** Asks before each task whether to run it (`--step`). Undefined: every task runs. */
  readonly gate: Gate | undefined
}

export function createHostPlays(options: HostPlaysOptions): HostPlays {
  const { run, recap, selected, gate } = options
  const { fleet, emitter } = run
  const pendings = new Map<HostName, PendingHandlers>()

  const pendingOf = (host: FleetHost): PendingHandlers => {
    const present = pendings.get(host.machine.name)
    if (present) return present
    const node = host.machine.node === undefined ? undefined : fleet.host(host.machine.node.name)
    const made = createPending(host, node, run.leases)
    pendings.set(host.machine.name, made)
    return made
  }

  /** @param delegates Receives the other hosts on which tasks act. */
  const attempt = async (
    { play: { play, hosts, doubts }, batch, host: name }: PlayPart<SelectedPlay>,
    { once, enter, ...course }: PlayCourse,
    delegates: Set<FleetHost>,
  ): Promise<PlayEnd> => {
    const host = fleet.host(name)
    const { machine } = host
    machine.statePrivilege ??= taskPrivilege(play, fleet.variable(name), options.connection)
    const confirm = options.asking?.(name)
    try {
      const [open] = doubts.values()
      const data = new Map<string, unknown>([
        ['play_hosts', open === undefined ? hosts : new Unknown(open)],
        ['batch_hosts', open === undefined ? batch.hosts : new Unknown(open)],
      ])
      const layers: readonly Layer[] = [{ layer: 'built in', data }]
      const begin = !run.check && machine.node === undefined ? () => takeGuestsBack(host, run) : undefined
      return await runPlay({
        begin,
        context: {
          run,
          host,
          play,
          layers,
          arguments: options.arguments,
          pending: pendingOf(host),
          connection: options.connection,
          ref: (task, more = []) => {
            // Under no_log the values in a name are hidden too.
            if (task.title.kind === 'literal' || task.noLog) return refOf(play, task, task.name)
            const scope = host.variables.scope(play, task, { layers: [...layers, ...more], reads: new Set() })
            return refOf(play, task, displayName(task.title, task.name, scope))
          },
          addRow: (row) => recap.row(row),
          once,
          enter,
          delegateTo: (other) => {
            const delegate = delegateOf(other, play, options)
            // The others settle their own guests.
            if (!hosts.includes(other)) delegates.add(delegate)
            return delegate
          },
          ...defined({ confirm, gate, doubt: doubts.get(name) }),
        },
        recap,
        selected,
        forceHandlers: options.forceHandlers || play.forceHandlers,
        ...course,
      })
    } catch (error) {
      // Waits end at once after an interruption. Another host may be in the middle of an action, which an
      // error here would cut off.
      if (run.signal.aborted) return { kind: 'finished' }
      const foreseen =
        error instanceof UnreachableError || error instanceof HostError || error instanceof InputError
      return outsideTasks(foreseen ? error : unforeseen(error), name, options)
    }
  }

  return {
    refs: ({ play }) =>
      [...play.sections.flatMap((section) => section.tasks.filter(selected)), ...play.handlers].map((task) =>
        refOf(play, task, task.name),
      ),
    async run(part, course) {
      const delegates = new Set<FleetHost>()
      let end = await attempt(part, course, delegates)
      if (run.check) return end
      for (const on of [fleet.host(part.host), ...delegates]) end = await settled(end, { part, on }, options)
      return end
    },
    async reportUnknownHandlers(hosts) {
      let count = 0
      for (const name of hosts) {
        for (const handler of (await pendings.get(name)?.left()) ?? []) {
          emitter.emit({ type: 'handler.unknown', host: name, handler: handler.name, by: handler.by })
          count += 1
        }
      }
      return count
    },
  }
}

/** The host of `delegate_to`: its variables decide how it is reached, or the tasks of the play. */
function delegateOf(name: HostName, play: Play, { run, connection }: HostPlaysOptions): FleetHost {
  const host = run.fleet.host(name)
  host.machine.statePrivilege ??= taskPrivilege(play, run.fleet.variable(name), connection)
  return host
}

/**
 * If the host's variables do not set `become`, the first task that becomes root decides which user keeps
 * gpuplay's state.
 */
function taskPrivilege(
  play: Play,
  read: ReadVariable,
  defaults: ConnectionDefaults,
): ReturnType<typeof privilege> {
  const tasks = play.sections.flatMap((section) => section.tasks)
  const becomes = tasks.some(({ become }) => become.enabled === true && become.user === undefined)
  return becomes && becomeUser(read, defaults) === 'root' ? privilege('root', read, defaults) : undefined
}

/**
 * Starts the guests that an interrupted run recorded before it restarted the node. The question travels with
 * the first frame to the node.
 */
async function takeGuestsBack(host: FleetHost, { power, leases }: RunContext): Promise<void> {
  const { machine } = host
  // Only root can have restarted the node.
  if (!(await machine.keepsSystemState())) return
  const recorded = await host
    .reader(machine.statePrivilege)
    .view()
    .list(await power.record(machine))
  if (recorded === undefined || recorded.length === 0) return
  const endChange = machine.patience.beginChange()
  await leases.take(machine).finally(endChange)
}

/**
 * Starts what the play has stopped and not started. A play that has failed stays failed for its first reason;
 * guests that do not start are another reason to fail.
 */
async function settled(
  end: PlayEnd,
  { part, on }: { readonly part: PlayPart<SelectedPlay>; readonly on: FleetHost },
  options: HostPlaysOptions,
): Promise<PlayEnd> {
  const { power, emitter } = options.run
  const { host: name } = part
  const endChange = on.machine.patience.beginChange()
  try {
    await power.settleGuests(on.machine)
    return end
  } catch (error) {
    if (options.run.signal.aborted) return end
    if (!(error instanceof HostError || error instanceof UnreachableError)) throw error
    if (end.kind !== 'failed') return outsideTasks(error, name, options)
    emitter.emit({ type: 'warning', host: name, message: error.problem.message })
    return end
  } finally {
    endChange()
  }
}

/** Ends a host's part in a play for a failure outside its tasks. */
function outsideTasks(
  error: UnreachableError | HostError | InputError,
  host: HostName,
  { run, recap }: HostPlaysOptions,
): PlayEnd {
  const problem = error instanceof InputError ? error.problems[0] : error.problem
  const unreachable = error instanceof UnreachableError
  recap.count(host, unreachable ? 'unreachable' : 'failed')
  const exitCode = unreachable ? exitCodes.unreachable : exitCodes.task
  recap.failure({ host, exitCode, ...defined({ message: problem?.message }) })
  if (problem) run.emitter.emit({ type: 'host.unreachable', host, problem })
  return { kind: 'failed', problem }
}
