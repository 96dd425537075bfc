/** Runs playbooks: load, select, check, run every play on its hosts, and report. */
import { defined } from '../base/defined.ts'
import { type HostName, hostName } from '../base/brand.ts'
import { type ExitCode, exitCodes, type Problem } from '../base/errors.ts'
import type { Task } from '../language/model.ts'
import { prepareAnswered } from './answered-run.ts'
import type { SelectedPlay } from './batches.ts'
import { containersAmong } from './containers-among.ts'
import { createAsking, createGate } from '../task/confirmations.ts'
import type { Emitter } from '../events/emitter.ts'
import type { Outcome, TaskTimes } from '../events/events.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { createHostPlays } from './host-plays.ts'
import { cutOff, untilQuit } from './interruption.ts'
import { createOnceGates } from './once-gates.ts'
import { createArguments } from '../task/arguments.ts'
import { createRecap } from './recap.ts'
import type { RefusedHost, RunDependencies, RunRequest } from './request.ts'
import { type PlayPart, schedule } from './schedule.ts'
import { nextSegment, segmentsOf } from './segments.ts'
import { createStops } from './stops.ts'
import { createThrottles } from './throttles.ts'

/**
 * Milliseconds for connections to close. Ending a program that still runs in a shell alone may take four
 * seconds.
 */
const closing = 10_000
/** The same after an interruption: only programs that read can still be running, unless the run was cut off. */
const closingReads = 1000

/** @throws InputError with every mistake in the files and arguments, before any connection */
export async function runPlaybooks(request: RunRequest, dependencies: RunDependencies): Promise<ExitCode> {
  const { world, signal, quit, confirm, step } = dependencies
  const cut = cutOff(signal)
  const prepared = await prepareAnswered(request, dependencies, cut.signal)
  const { loaded, context } = prepared
  let { plays, sources } = prepared
  const recap = createRecap()
  const started = world.clock()
  const { emitter, fleet } = context
  const hosts = new Set(loaded.selection.hosts)
  const refused = new Map<HostName, RefusedHost>()
  const nodeOf = (host: HostName): HostName | undefined => fleet.nodeOf(host)
  const sourceOf = (host: HostName): HostName | undefined => sources.get(host)
  for (const host of hosts) recap.host(host)
  emitter.emit({
    type: 'run.started',
    playbooks: request.playbooks,
    command: request.command ?? '',
    check: request.check,
    hosts: [...hosts],
    containers: containersAmong([...hosts], fleet),
    version: request.version,
    ...defined({ runtime: request.runtime, next: request.next }),
  })
  warnOf(loaded.warnings, emitter)

  const asking = confirm && createAsking({ confirm, emitter, signal })
  const hostPlays = createHostPlays({
    run: context,
    arguments: createArguments(loaded.modules, dependencies.files),
    selected: loaded.selected,
    forceHandlers: request.forceHandlers ?? false,
    connection: request.connection,
    recap,
    asking,
    gate: step && asking && createGate({ step, asking }),
  })
  const out = new Map<HostName, Problem | undefined>()
  const finished = new Map<HostName, number>()
  /** Hosts that failed only a verification: containers of such a node go on. */
  const unsound = new Set<HostName>()
  const verifying = new Set(loaded.modules.flatMap((module) => (module.verifies === true ? module.name : [])))
  let pendingHandlers = 0
  const stops = createStops({ emitter, nodeOf, failed: (host) => out.has(host) })
  const gates = createOnceGates({
    nodeOf,
    sourceOf,
    gone: (part) => out.has(part.host) || stops.stop(part),
    signal,
  })
  const throttles = createThrottles()
  const fail = (
    { play, batch, host }: PlayPart<SelectedPlay>,
    { problem, task, outcome }: PartFailure,
  ): void => {
    const verified = task !== undefined && verifying.has(task.module) && outcome !== 'unreachable'
    if (!out.has(host) && verified) unsound.add(host)
    if (!out.has(host)) out.set(host, problem)
    stops.hostFailed(play, batch, { host, fatal: fatalBy(play, task) })
    gates.wake()
  }
  const refuse = (part: PlayPart<SelectedPlay>, { problem, exitCode }: RefusedHost): void => {
    const { host } = part
    recap.count(host, exitCode === exitCodes.unreachable ? 'unreachable' : 'failed')
    recap.failure({ host, exitCode })
    emitter.emit({ type: 'host.unreachable', host, problem })
    fail(part, { problem })
  }
  const join = (segment: readonly SelectedPlay[]): readonly SelectedPlay[] => {
    const next = nextSegment(segment, { prepared, dependencies, before: hosts })
    const { joined, warnings } = next
    sources = next.sources
    plays = plays.map((play) => next.plays[segment.indexOf(play)] ?? play)
    for (const [host, why] of next.refused) refused.set(host, why)
    for (const host of joined) {
      hosts.add(host)
      recap.host(host)
    }
    for (const message of warnings) emitter.emit({ type: 'warning', message })
    if (joined.length > 0)
      emitter.emit({ type: 'hosts.joined', hosts: joined, containers: containersAmong(joined, fleet) })
    return next.plays
  }
  const work = async (): Promise<void> => {
    for (const segment of segmentsOf(plays)) if (!signal.aborted) await runSegment(join(segment))
    if (!request.check && !signal.aborted && !stops.ended)
      pendingHandlers = await hostPlays.reportUnknownHandlers([...hosts].filter((host) => !out.has(host)))
  }
  const runSegment = (segment: readonly SelectedPlay[]): Promise<void> =>
    schedule({
      plays: segment,
      nodeOf,
      sourceOf,
      forks: request.forks,
      stopped: (part) => signal.aborted || stops.stop(part) || gates.closed(part),
      run: async (part, away) => {
        const refusal = refused.get(part.host) ?? dependencies.refused?.get(part.host)
        if (refusal !== undefined) return refuse(part, refusal)
        const once = gates.of(part, away)
        const end = await hostPlays
          .run(part, {
            stopped: () => stops.stop(part),
            failed: ({ problem, outcome }, task) => fail(part, { problem, task, outcome }),
            once,
            enter: throttles.of(away),
          })
          .finally(() => once.leave())
        if (end.kind === 'failed') {
          if (!out.has(part.host)) fail(part, end)
          if (unsound.has(part.host)) stops.hostFinished(part)
        } else if (!signal.aborted && !stops.stop(part)) {
          finished.set(part.host, (finished.get(part.host) ?? 0) + 1)
          stops.hostFinished(part)
        }
      },
      failed: (host) => out.has(host),
      lost: (node) => out.has(node) && !unsound.has(node),
      nodeFailed: (part, node) => {
        const { host } = part
        const problem = {
          code: 'node-failed',
          message: `its node ${node} failed`,
          hint: `fix ${node}, then run again`,
        }
        recap.count(host, 'failed')
        emitter.emit({ type: 'host.unreachable', host, problem })
        fail(part, { problem })
      },
      started: (play) => {
        emitter.emit({
          type: 'play.started',
          play: play.name,
          hosts: play.hosts,
          tasks: hostPlays.refs(play),
        })
      },
      batchStarted: ({ name }, { number, of, hosts: members }) => {
        if (of > 1) emitter.emit({ type: 'batch.started', play: name, batch: number, of, hosts: members })
      },
      batchFinished: (play, batch) => {
        stops.batchFinished(play, batch)
        gates.wake()
      },
      finished: (play) => emitter.emit({ type: 'play.finished', play: play.name }),
    })
  let complete = true
  try {
    const changing = (name: string): boolean => fleet.host(hostName(name)).machine.patience.changing
    complete = await untilQuit({ signal, quit, emitter, awaited: context.awaited, changing }, work)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    cut.clear()
    // Closing a shell ends the programs that run in it.
    if (complete) await closeQuietly(fleet, signal.aborted && !cut.signal.aborted ? closingReads : closing)
  }
  const partsOf = (host: HostName): number =>
    plays.filter((play) =>
      play.batches.some((batch) => batch.hosts.includes(host) && !gates.closed({ play, batch })),
    ).length
  const unfinished = [...hosts].filter((host) => !out.has(host) && (finished.get(host) ?? 0) < partsOf(host))
  const exitCode = recap.exitCode({
    failOnChange: request.check && request.failOnChange,
    interrupted: signal.aborted,
  })
  emitter.emit({
    type: 'run.finished',
    hosts: recap.hosts,
    exitCode,
    check: request.check,
    milliseconds: Math.round(world.clock() - started),
    rows: recap.rows,
    failures: recap.failures,
    pendingHandlers,
    ...defined({
      unfinished: unfinished.length === 0 ? undefined : unfinished,
      profile: context.profile.times?.map(rounded),
    }),
  })
  return exitCode
}

interface PartFailure {
  readonly problem: Problem | undefined
  /** The task that failed, and how; absent for a failure outside the tasks. */
  readonly task?: Task
  readonly outcome?: Outcome
}

/** What makes a failure on one host end the run, if anything does. */
function fatalBy({ name, play }: SelectedPlay, task: Task | undefined): string | undefined {
  if (!(task?.anyErrorsFatal ?? play.anyErrorsFatal)) return undefined
  return play.anyErrorsFatal ? `play "${name}"` : `"${task?.name}"`
}

function rounded({ host, task, connect, look, act, wait }: TaskTimes): TaskTimes {
  const [c, l, a, w] = [connect, look, act, wait].map(Math.round)
  return { host, task, connect: c ?? 0, look: l ?? 0, act: a ?? 0, wait: w ?? 0 }
}

/** Emits warnings, such as for hosts that a play names and the inventory does not contain. */
function warnOf(warnings: readonly Problem[], emitter: Emitter): void {
  for (const { message, where } of warnings) {
    emitter.emit({
      type: 'warning',
      message: where === undefined ? message : `${where.file}:${where.line}:${where.column}: ${message}`,
    })
  }
}

/** Closes connections. The exit of the process ends those that do not close in time. */
async function closeQuietly(fleet: Fleet, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([fleet.close().catch(() => undefined), late])
  clearTimeout(timer)
}
