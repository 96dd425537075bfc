/** The lines of a run in progress that a terminal redraws: pure, so that tests can compare screens. */
import { coloredLine } from './colored-line.ts'
import { duration } from './duration.ts'
import { fewHosts } from './host-names.ts'
import type { LivePlay, LiveRun, LiveTask, Shown } from './live-run.ts'
import {
  countParts,
  type LineStyle,
  nameOf,
  titleLine,
  workGroups,
  workHeight,
  workLines,
} from './task-line.ts'
import { plainText, widthOf } from './text.ts'

export interface LiveLinesOptions extends Omit<LineStyle, 'check'> {
  readonly rows: number
  /** Of the same clock as the times of the run. */
  readonly now: number
  readonly spinner: string
  /** The play whose heading stands above the lines. */
  readonly above: LivePlay | undefined
}

/** How much of a play is shown: ended tasks, the next ones, and lines of hosts for each task. */
interface Detail {
  readonly past: number
  readonly next: number
  readonly hosts: number
}

const least: Detail = { past: 0, next: 0, hosts: 0 }

/** The first with which all plays fit is used. */
const details: readonly Detail[] = [
  { past: Infinity, next: Infinity, hosts: 6 },
  { past: Infinity, next: 3, hosts: 4 },
  { past: 6, next: 3, hosts: 4 },
  { past: 3, next: 2, hosts: 3 },
  { past: 1, next: 1, hosts: 3 },
  { past: 0, next: 1, hosts: 2 },
  { past: 0, next: 0, hosts: 1 },
  least,
]

/** At most one line less than the terminal has, because the cursor needs a row. The last line is the time. */
export function liveLines(run: LiveRun, options: LiveLinesOptions): readonly string[] {
  if (run.started === undefined) return []
  const style: LineStyle = { ...options, columns: options.columns - 1, check: run.check }
  const room = Math.max(2, options.rows - 2)
  const last = statusLine(run, options, style)
  const plays = run.plays.map((play) => ({ play, stages: stagesOf(run, play) }))
  const height = (detail: Detail): number =>
    plays.reduce(
      (sum, { play, stages }) => sum + heightOf(stages, detail) + (play === options.above ? 0 : 1),
      0,
    )
  const detail = details.find((one) => height(one) <= room) ?? least
  const lines = plays.flatMap(({ play, stages }) => playLines(run, play, { stages, detail, options, style }))
  if (lines.length <= room) return [...lines, last]
  const more = `and ${lines.length - room + 1} more lines`
  const cutLine = `  ${coloredLine([{ text: more, paint: options.colors.dim }], style.columns - 2)}`
  return [...lines.slice(0, room - 1), cutLine, last]
}

/** How many lines `playLines` returns, without the heading. */
function heightOf({ past, busy, next }: Stages, detail: Detail): number {
  const lines = busy.reduce((sum, { task, groups }) => {
    const failed = task.failed.length > 0 && detail.hosts > 0 ? 1 : 0
    return sum + 1 + failed + workHeight(groups, detail.hosts)
  }, 0)
  const cut = (count: number, most: number): number => Math.min(count, most) + (count > most ? 1 : 0)
  return lines + cut(past.length, detail.past) + cut(next.length, detail.next)
}

/** The lines of a play that has finished, without a heading. Handlers that were not notified are left out. */
export function finishedLines(
  play: LivePlay,
  options: Omit<LineStyle, 'check'>,
  check: boolean,
): readonly string[] {
  const style: LineStyle = { ...options, columns: options.columns - 1, check }
  return play.tasks
    .filter((task) => task.since !== undefined || !task.ref.handler)
    .map((task) => endedLine(task, style))
}

interface PlayOptions {
  readonly stages: Stages
  readonly detail: Detail
  readonly options: LiveLinesOptions
  readonly style: LineStyle
}

function playLines(run: LiveRun, play: LivePlay, playOptions: PlayOptions): readonly string[] {
  const { stages, detail, options, style } = playOptions
  const { colors, columns } = style
  const { past, busy, next } = stages
  const kept = past.slice(Math.max(0, past.length - detail.past))
  const left = past.slice(0, past.length - kept.length)
  const coming = next.slice(0, detail.next)
  const more = next.length - coming.length
  const also = coming.length === 0 ? `${more} ${more === 1 ? 'task' : 'tasks'} to come` : `and ${more} more`
  const dim = (text: string): string => `  ${coloredLine([{ text, paint: colors.dim }], columns - 2)}`
  return [
    ...(play === options.above ? [] : [headingLine(play, style)]),
    ...(left.length === 0 ? [] : [summaryLine(left, style)]),
    ...kept.map((task) => endedLine(task, style)),
    ...busy.flatMap((one) => busyLines(run, play, one, playOptions)),
    ...coming.map((task) => dim(nameOf(task))),
    ...(more === 0 ? [] : [dim(also)]),
  ]
}

/** Columns for the hosts of a play. */
const playNames = 60

export function headingLine({ name, hosts }: Pick<LivePlay, 'name' | 'hosts'>, style: LineStyle): string {
  const { colors, columns } = style
  const title = `PLAY ${plainText(name).replaceAll(/\s+/g, ' ')}`
  const names = fewHosts(hosts, Math.min(playNames, Math.max(10, columns - widthOf(title) - 2)))
  return coloredLine(
    [
      { text: title, paint: colors.bold },
      { text: names, paint: colors.dim },
    ],
    columns,
  )
}

interface Stages {
  readonly past: readonly LiveTask[]
  readonly busy: readonly BusyTask[]
  readonly next: readonly LiveTask[]
}

interface BusyTask {
  readonly task: LiveTask
  readonly groups: ReturnType<typeof workGroups>
}

/** A task that no host has reached belongs to none of them if a later one has begun: it may be of a `rescue`. */
function stagesOf(run: LiveRun, play: LivePlay): Stages {
  const begun = play.tasks.filter(({ since }) => since !== undefined)
  const past = new Set(begun.filter((task) => task.working.size === 0 && run.isComplete(play, task)))
  const worksAt = (task: LiveTask): Parameters<typeof workGroups>[0] =>
    [...task.working].filter(([host]) => run.isAt(host, task))
  const last = play.tasks.findLastIndex(({ since, ref }) => since !== undefined && !ref.handler)
  return {
    past: [...past],
    busy: begun
      .filter((task) => !past.has(task))
      .map((task) => ({ task, groups: workGroups(worksAt(task)) })),
    next: play.tasks.slice(last + 1).filter(({ since, ref }) => since === undefined && !ref.handler),
  }
}

function busyLines(
  run: LiveRun,
  { hosts }: LivePlay,
  { task, groups }: BusyTask,
  { detail, options, style }: PlayOptions,
): readonly string[] {
  const { now, spinner } = options
  const { colors, columns } = style
  const expected = hosts.filter((host) => task.ended.has(host) || !run.failed.has(host)).length
  const icon = { text: spinner, paint: colors.cyan }
  const milliseconds = now - (task.since ?? now)
  const title = titleLine(task, { icon, hosts: expected, milliseconds }, style)
  const lines = workLines(task, groups, { most: detail.hosts, now, style })
  if (task.failed.length === 0 || detail.hosts === 0) return [title, ...lines]
  const names = fewHosts(task.failed, Math.max(10, columns - 16))
  const failed = coloredLine([{ text: 'failed', paint: colors.red }, { text: names }], columns - 4)
  return [title, `    ${failed}`, ...lines]
}

/** `✔ Install  38 changed, 2 ok  45 s`, `↓ Verify  not run`. */
function endedLine(task: LiveTask, style: LineStyle): string {
  const { colors, glyphs } = style
  if (task.ended.size === 0) {
    const why = task.since === undefined ? 'not run' : 'not finished'
    const icon = { text: glyphs.skipped, paint: colors.yellow }
    const parts = [{ text: nameOf(task) }, { text: why, paint: colors.dim }]
    return `${icon.paint(icon.text)} ${coloredLine(parts, style.columns - 2)}`
  }
  const milliseconds = task.until - (task.since ?? task.until)
  return titleLine(task, { icon: iconOf(task.counts, style), milliseconds }, style)
}

function iconOf(
  counts: ReadonlyMap<Shown, number>,
  { colors, glyphs }: LineStyle,
): { readonly text: string; readonly paint: (text: string) => string } {
  const has = (outcome: Shown): boolean => (counts.get(outcome) ?? 0) > 0
  if (has('failed') || has('unreachable')) return { text: glyphs.failed, paint: colors.red }
  const onlySkipped = [...counts].every(([outcome, count]) => outcome === 'skipped' || count === 0)
  return onlySkipped
    ? { text: glyphs.skipped, paint: colors.yellow }
    : { text: glyphs.done, paint: colors.green }
}

/** `✔ 12 tasks  40 ok  3 changed`: the ended tasks for which there is no room. */
function summaryLine(tasks: readonly LiveTask[], style: LineStyle): string {
  const counts = new Map<Shown, number>()
  for (const task of tasks)
    for (const [outcome, count] of task.counts) counts.set(outcome, (counts.get(outcome) ?? 0) + count)
  const icon = iconOf(counts, style)
  const text = `${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'} ended`
  return `${icon.paint(icon.text)} ${coloredLine([{ text }, ...countParts(counts, style)], style.columns - 2)}`
}

/** `elapsed 1 min 5 s  2 hosts failed  connecting to gpu[01:20]` */
function statusLine(run: LiveRun, { now }: LiveLinesOptions, { colors, columns }: LineStyle): string {
  const failed = run.failed.size
  const waits = [...run.connecting]
  return coloredLine(
    [
      { text: `elapsed ${elapsed(now - (run.started ?? now))}`, paint: colors.dim },
      { text: failed === 0 ? '' : `${failed} ${failed === 1 ? 'host' : 'hosts'} failed`, paint: colors.red },
      { text: waits.length === 0 ? '' : `connecting to ${fewHosts(waits, 40)}`, paint: colors.dim },
    ],
    columns,
  )
}

/** In whole seconds: tenths would only flicker. */
function elapsed(milliseconds: number): string {
  return duration(Math.floor(milliseconds / 1000) * 1000).replace('.0 s', ' s')
}
