/** The end of a run: tables from its tasks, counts by host, and the meaning of the exit code. */
import { grouped } from '../base/grouped.ts'
import { type ExitCode, exitCodes } from '../base/errors.ts'
import { type Counts, type Event, type Failure, noCounts, type TaskTimes } from '../events/events.ts'
import type { Colors } from './colors.ts'
import { duration } from './duration.ts'
import { changedText, exactnessLines, nextLines, pendingLines } from './end-text.ts'
import { fewHosts, largestList } from './host-names.ts'
import { fleetTablesText } from './tables-text.ts'
import { RunStory } from './run-story.ts'
import { plainText, table } from './text.ts'

type Finished = Extract<Event, { readonly type: 'run.finished' }>

export interface RecapOptions {
  /** Columns of the terminal; without them, nothing is left out. */
  readonly width?: number | undefined
  /** What the events of the run have told before. */
  readonly story?: RunStory
}

export function recapText(
  event: Finished,
  colors: Colors,
  { width, story = new RunStory() }: RecapOptions = {},
): string {
  const parts = [
    fleetTablesText(event.rows, colors, width),
    timesText(event.profile ?? [], colors),
    changedText(story, event, colors),
    countsText(event, colors, { width, story }),
    nextLines(story, event, colors).join('\n'),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

const phases = ['connect', 'look', 'act', 'wait'] as const

/** Shows the time by task, in task order, summed over all hosts. The event has the times of each host. */
export function timesText(times: readonly TaskTimes[], colors: Colors): string {
  if (times.length === 0) return ''
  const hosts = new Set(times.map(({ host }) => host)).size
  const tasks = new Map(times.map(({ task }) => [task?.id, task]))
  const row = (name: string, members: readonly TaskTimes[]): readonly string[] => {
    const sums = phases.map((phase) => members.reduce((total, one) => total + one[phase], 0))
    const all = sums.reduce((total, one) => total + one, 0)
    return [name, ...[...sums, all].map((sum) => (sum === 0 ? '-' : duration(sum)))]
  }
  const [head = '', ...lines] = table([
    [hosts === 1 ? 'TIMES' : `TIMES OF ${hosts} HOSTS`, ...phases, 'all'],
    ...[...tasks.values()].map((task) =>
      row(
        task === undefined ? '(before the first task)' : plainText(task.name),
        times.filter((one) => one.task?.id === task?.id),
      ),
    ),
    row('all tasks', times),
  ])
  return [colors.bold(head), ...lines].join('\n')
}

const columns: readonly (keyof Counts)[] = [
  'ok',
  'changed',
  'skipped',
  'rescued',
  'ignored',
  'failed',
  'unreachable',
  'unknown',
]

function countsText(event: Finished, colors: Colors, { width, story }: Required<RecapOptions>): string {
  const last = `${closingText(event)} in ${duration(event.milliseconds)}`
  if (Object.keys(event.hosts).length === 0) return last
  return [
    ...hostLines(event, colors),
    ...failureLines(event, colors, story),
    ...pendingLines(story, colors),
    ...exactnessLines(story, event, width),
    last,
  ].join('\n')
}

/** The counts of each host. In a fleet, hosts with equal counts share a line, and those that failed are last. */
function hostLines(event: Finished, colors: Colors): readonly string[] {
  const rows = hostRows(Object.entries(event.hosts))
  const changed = event.check ? 'would change' : 'changed'
  const unknown = event.check ? 'may run' : 'unknown'
  const shown = columns.filter(
    (name) => name === 'ok' || name === 'changed' || rows.some(({ to }) => to[name] > 0),
  )
  const heads = shown.map((name) => (name === 'changed' ? changed : name === 'unknown' ? unknown : name))
  const cell = ({ from, to }: HostRow, name: keyof Counts): string =>
    from[name] === to[name] ? String(to[name]) : `${from[name]}-${to[name]}`
  const lines = table([
    [event.check ? 'DRY RUN' : 'RECAP', ...heads, ''],
    ...rows.map((row) => [row.hosts, ...shown.map((name) => cell(row, name)), '']),
  ])
  return lines.map((line, index) => {
    if (index === 0) return colors.bold(line)
    const counts = rows[index - 1]?.to
    if (counts && hasFailed(counts)) return colors.red(line)
    return counts && counts.changed > 0 ? colors.yellow(line) : colors.green(line)
  })
}

interface HostRow {
  readonly hosts: string
  /** The smallest and the largest count of its hosts. */
  readonly from: Counts
  readonly to: Counts
}

/** Columns of names of hosts in a line, and lines of one kind: 500 hosts need fewer than 30 lines in all. */
const namesWidth = 60
const mostRows = 8
/** Reasons of failures that are told with the output of a program. */
const mostOutputs = 3

function hostRows(hosts: readonly (readonly [host: string, counts: Counts])[]): readonly HostRow[] {
  if (hosts.length <= largestList)
    return hosts.map(([host, counts]) => ({ hosts: host, from: counts, to: counts }))
  return [
    ...sharedRows(hosts.filter(([, counts]) => !hasFailed(counts))),
    ...sharedRows(hosts.filter(([, counts]) => hasFailed(counts))),
  ]
}

/** One row for each different count; if these are too many, the rare ones share the last row. */
function sharedRows(hosts: readonly (readonly [host: string, counts: Counts])[]): readonly HostRow[] {
  const groups = [...grouped(hosts, ([, counts]) => JSON.stringify(columns.map((name) => counts[name])))]
  const rare = groups.length <= mostRows ? [] : bySize(groups).slice(mostRows - 1)
  const kept = groups.filter((group) => !rare.includes(group))
  return [...kept, ...(rare.length === 0 ? [] : [rare.flat()])].map((members) => ({
    hosts: namesOf(members.map(([host]) => host)),
    from: extreme(members, Math.min),
    to: extreme(members, Math.max),
  }))
}

function extreme(
  members: readonly (readonly [host: string, counts: Counts])[],
  choose: (...counts: number[]) => number,
): Counts {
  return {
    ...noCounts,
    ...Object.fromEntries(
      columns.map((name) => [name, choose(...members.map(([, counts]) => counts[name]))]),
    ),
  }
}

function namesOf(hosts: readonly string[]): string {
  const names = fewHosts(hosts, namesWidth)
  return hosts.length === 1 ? names : `${names} (${hosts.length})`
}

function hasFailed({ failed, unreachable }: Counts): boolean {
  return failed + unreachable > 0
}

/**
 * Tells failures once more, because they may stand far above: equal ones together, each with its reason and the
 * last lines of its program. The closing line names a single one, so only its output is told.
 */
function failureLines({ failures }: Finished, colors: Colors, story: RunStory): readonly string[] {
  const groups = [...grouped(failures, ({ host, task, message }) => kindOf(host, task?.id, message))]
  const shown = bySize(groups).slice(0, mostRows)
  const lines = shown.flatMap((members, index) => {
    const [first] = members
    if (first === undefined) return []
    const told = index < mostOutputs ? story.failure(first.host, first.task) : undefined
    const output = (told?.lines ?? []).map((line) => `          ${colors.dim(line)}`)
    if (failures.length < 2 && output.length === 0) return []
    const { task, message = 'failed' } = first
    const names = namesOf([...new Set(members.map(({ host }) => host))])
    const [reason = ''] = plainText(message).split('\n')
    const where = task === undefined ? '' : `${plainText(task.name)}: `
    const hint = told?.problem?.hint
    return [
      `${colors.red('failed')}  ${names}  ${where}${reason}`,
      ...output,
      ...(hint === undefined ? [] : [`          ${colors.cyan('help')}: ${plainText(hint)}`]),
    ]
  })
  const left = groups.length - shown.length
  return left === 0 ? lines : [...lines, `${left} more reasons of failures are above`]
}

/** The same failure on two hosts differs in their names, and perhaps in numbers such as addresses. */
function kindOf(host: string, task: string | undefined, message = ''): string {
  return JSON.stringify([task ?? '', withoutWord(message, host).replaceAll(/\d+/g, '')])
}

function withoutWord(text: string, word: string): string {
  return text
    .split(/([\w.-]+)/)
    .filter((part) => part !== word)
    .join('')
}

function bySize<T>(groups: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return [...groups].sort((one, other) => other.length - one.length)
}

/** `done: 3 changed`, `failed on pve1: "Install the driver" (exit 5)`. */
export function closingText({ hosts, check, exitCode, failures, pendingHandlers }: Finished): string {
  const counts = Object.values(hosts)
  const sum = (name: keyof Counts): number => counts.reduce((total, host) => total + host[name], 0)
  if (exitCode === exitCodes.interrupted) return 'interrupted (exit 130)'
  if (exitCode !== exitCodes.success && exitCode !== exitCodes.changesFound)
    return `${failureText(failures, exitCode)} (exit ${exitCode})`
  if (counts.length === 0) return 'nothing was done: no play matched a host'
  if (columns.every((name) => sum(name) === 0)) return 'nothing was done: no task was selected'
  const left = [
    [sum('unknown'), check ? 'may run' : 'unknown'],
    [sum('rescued'), 'rescued'],
    [sum('ignored'), 'ignored'],
    [sum('failed') + sum('unreachable'), 'failed'],
    [pendingHandlers, pendingHandlers === 1 ? 'handler pending' : 'handlers pending'],
  ] as const
  const more = left.flatMap(([count, word]) => (count === 0 ? [] : [`, ${count} ${word}`])).join('')
  const changed = sum('changed')
  if (check) return `nothing was changed: ${changed} would change${more}`
  return `${changed === 0 && more === '' ? 'everything is as declared' : 'done'}: ${changed} changed${more}`
}

/** Names the failure behind the exit code, and the number of other hosts that failed. */
function failureText(failures: readonly Failure[], exitCode: ExitCode): string {
  const first = failures.find((failure) => failure.exitCode === exitCode) ?? failures[0]
  if (first === undefined) return 'failed'
  const others = new Set(failures.map(({ host }) => host)).size - 1
  const more = others === 0 ? '' : `, and ${others} more ${others === 1 ? 'host' : 'hosts'} failed`
  const { host, task } = first
  if (exitCode === exitCodes.unreachable) return `could not reach ${host}${more}`
  return `failed on ${host}${task === undefined ? '' : `: "${plainText(task.name)}"`}${more}`
}
