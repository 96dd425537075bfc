/** The line of a task on a terminal: how many hosts ended it and how, and below it what the others do. */
import { grouped } from '../base/grouped.ts'
import { type LinePart, coloredLine } from './colored-line.ts'
import type { Colors } from './colors.ts'
import { duration } from './duration.ts'
import { fewHosts } from './host-names.ts'
import type { LiveTask, Shown, HostWork } from './live-run.ts'
import { cut, plainText, widthOf } from './text.ts'

/** Characters that not every terminal has. */
export interface Glyphs {
  readonly done: string
  readonly failed: string
  readonly skipped: string
  readonly full: string
  readonly empty: string
}

export interface LineStyle {
  readonly columns: number
  readonly colors: Colors
  readonly glyphs: Glyphs
  readonly check: boolean
}

/** Milliseconds after which a line shows its time. */
const longTime = 5000

/** Columns of a bar, and those that the name of a task keeps beside its counts. */
const barWidth = 20
const leastName = 16

/**
 * `Install the driver  38/40  30 changed  45 s`. The name gets the room that the rest leaves.
 * @param hosts How many hosts end the task; undefined for a task that has ended.
 */
export function titleLine(
  task: LiveTask,
  {
    icon,
    hosts,
    milliseconds,
  }: { readonly icon: LinePart; readonly hosts?: number; readonly milliseconds: number },
  style: LineStyle,
): string {
  const { columns, colors } = style
  const rest: readonly LinePart[] = [
    { text: hosts === undefined || hosts === 1 ? '' : `${task.ended.size}/${hosts}` },
    ...countParts(task.counts, style),
    { text: milliseconds < longTime ? '' : duration(milliseconds), paint: colors.dim },
  ]
  const taken = rest.reduce((sum, { text }) => sum + (text === '' ? 0 : widthOf(text) + 2), 0)
  const room = columns - 2
  const name = cut(nameOf(task), Math.max(leastName, room - taken))
  return `${painted(icon)} ${coloredLine([{ text: name }, ...rest], room)}`
}

export function nameOf({ ref }: LiveTask): string {
  return plainText(ref.name).replaceAll(/\s+/g, ' ')
}

function painted({ text, paint }: LinePart): string {
  return paint?.(text) ?? text
}

const shownOrder: readonly Shown[] = [
  'ok',
  'changed',
  'unknown',
  'skipped',
  'rescued',
  'ignored',
  'failed',
  'unreachable',
]

/** `30 changed`, `2 failed`, each in its color. */
export function countParts(
  counts: ReadonlyMap<Shown, number>,
  { colors, check }: LineStyle,
): readonly LinePart[] {
  return shownOrder
    .map((outcome) => [outcome, counts.get(outcome) ?? 0] as const)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => ({
      text: `${count} ${wordOf(outcome, check)}`,
      paint: colorOf(outcome, colors),
    }))
}

function colorOf(outcome: Shown, colors: Colors): (text: string) => string {
  if (outcome === 'failed' || outcome === 'unreachable') return colors.red
  if (outcome === 'changed' || outcome === 'ignored' || outcome === 'rescued') return colors.yellow
  return outcome === 'unknown' ? colors.magenta : colors.dim
}

function wordOf(outcome: Shown, check: boolean): string {
  if (outcome === 'rescued') return 'in rescue'
  if (outcome === 'changed') return check ? 'would change' : 'changed'
  return outcome === 'unknown' ? 'may run' : outcome
}

type Working = readonly [host: string, work: HostWork]

/** Hosts that do the same for a task, those that began first before the others. */
export function workGroups(works: readonly Working[]): readonly (readonly Working[])[] {
  return [...grouped(works, ([, { message }]) => message)].sort(byNews)
}

/**
 * What hosts do for a task: a line for each group, and one for all that do not fit.
 * @param most Number of lines.
 */
export function workLines(
  task: LiveTask,
  groups: readonly (readonly Working[])[],
  { most, now, style }: { readonly most: number; readonly now: number; readonly style: LineStyle },
): readonly string[] {
  if (most <= 0) return []
  const { columns, colors } = style
  const shown = groups.length <= most ? groups : groups.slice(0, most - 1)
  const others = groups.slice(shown.length).flat()
  const lines = shown.map((group) => workLine(task, group, { now, style }))
  if (others.length === 0) return lines
  const names = fewHosts(hostsOf(others), Math.max(leastName, columns - 24))
  const text = `and ${others.length} more: ${names}`
  return [...lines, `    ${coloredLine([{ text, paint: colors.dim }], columns - 4)}`]
}

/** How many lines `workLines` returns. */
export function workHeight(groups: readonly (readonly Working[])[], most: number): number {
  return Math.min(groups.length, Math.max(0, most))
}

/** Hosts with progress first, then those that began first. */
function byNews(one: readonly Working[], other: readonly Working[]): number {
  const silent = (group: readonly Working[]): number => (group[0]?.[1].message === '' ? 1 : 0)
  return silent(one) - silent(other) || sinceOf(one) - sinceOf(other)
}

function sinceOf(group: readonly Working[]): number {
  return Math.min(...group.map(([, { waitingSince, since }]) => waitingSince ?? since))
}

function hostsOf(works: readonly Working[]): readonly string[] {
  return works.map(([host]) => host)
}

/** `    pve[1:3]  ██████░░░░ 45 %  118/266 MiB  downloading  12 s`: three downloads share a bar. */
function workLine(
  task: LiveTask,
  group: readonly Working[],
  { now, style }: { readonly now: number; readonly style: LineStyle },
): string {
  const { columns, colors } = style
  const [, { message = '' } = {}] = group[0] ?? []
  const room = columns - 4
  const own = sinceOf(group) - (task.since ?? now) >= longTime || group.some(([, work]) => work.waitingSince)
  const took = now - sinceOf(group)
  const time = own && took >= longTime ? duration(took) : ''
  const amount = amountText(group, style)
  const hosts = fewHosts(hostsOf(group), Math.max(leastName, Math.floor(room / 3)))
  const taken = [hosts, amount, time].reduce((sum, text) => sum + (text === '' ? 0 : widthOf(text) + 2), 0)
  const words = plainText(message).trim().replaceAll(/\s+/g, ' ')
  const said = room - taken < 8 ? '' : cut(words, room - taken)
  return `    ${coloredLine(
    [
      { text: hosts, paint: colors.cyan },
      { text: amount },
      { text: said },
      { text: time, paint: colors.dim },
    ],
    room,
  )}`
}

/** `██████░░░░ 45 %  118/266 MiB`, summed over the hosts. Without a total only what is done. */
function amountText(group: readonly Working[], { columns, glyphs }: LineStyle): string {
  const sum = (pick: (work: HostWork) => number | undefined): number =>
    group.reduce((all, [, work]) => all + (pick(work) ?? 0), 0)
  const [done, total] = [sum((work) => work.done), sum((work) => work.total)]
  if (group.every(([, work]) => work.done === undefined)) return ''
  if (total <= 0) return done === 0 ? '' : `${megabytes(done)} MiB`
  const part = Math.min(1, done / total)
  const percent = `${Math.floor(part * 100)} %`
  if (columns < 60) return percent
  const full = Math.round(part * barWidth)
  const bar = glyphs.full.repeat(full) + glyphs.empty.repeat(barWidth - full)
  return `${bar} ${percent}  ${megabytes(done)}/${megabytes(total)} MiB`
}

function megabytes(bytes: number): string {
  const amount = bytes / 1024 / 1024
  return amount < 9.95 ? amount.toFixed(1) : String(Math.round(amount))
}
