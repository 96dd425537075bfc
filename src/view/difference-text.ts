/** What is different between two recorded runs. */
import type { CellDifference, HostDifference, RunDifference, TaskEnd } from '../events/run-difference.ts'
import type { Colors } from './colors.ts'
import { hostsOf, type RecordedRun, runsText } from './runs-text.ts'
import { indent, plainText, table } from './text.ts'

/** The two runs in the order of the command line. */
export type ComparedRuns = readonly [first: RecordedRun, second: RecordedRun]

/** @param width Columns of the terminal; without one, the lines of the runs are not cut. */
export function differenceText(
  runs: ComparedRuns,
  { hosts, same }: RunDifference,
  { colors, width }: { readonly colors: Colors; readonly width?: number | undefined },
): string {
  const parts = [
    runsText(runs, colors, width),
    ...versionsOf(runs),
    ...hosts.map((host) => hostText(host, runs, colors)),
    ...(same.length === 0 ? [] : [`no difference on ${hostsOf(same)}`]),
  ]
  return parts.join('\n\n')
}

function versionsOf([first, second]: ComparedRuns): readonly string[] {
  const [before, after] = [first.started.version, second.started.version].map(plainText)
  return before === after ? [] : [`gpuplay ${before} -> ${after}`]
}

function hostText(difference: HostDifference, [first, second]: ComparedRuns, colors: Colors): string {
  const { host, only, tasks, onlyFirst, onlySecond, cells } = difference
  const head = colors.bold(plainText(host))
  const { run: one } = first.started
  const { run: other } = second.started
  if (only !== undefined) return `${head} is only in ${only === 'first' ? one : other}`
  const count = (number: number, run: string): readonly string[] =>
    number === 0 ? [] : [`${number} more ${number === 1 ? 'task' : 'tasks'} only in ${run}, ok or skipped`]
  const lines = [
    ...table([
      ...cells.map((cell) => [cellName(cell, host), `${shown(cell.first)} -> ${shown(cell.second)}`]),
      ...tasks.map(({ task, first: before, second: after }) => [
        task === undefined ? 'connection' : plainText(task.name),
        `${endText(before, first)} -> ${endText(after, second)}`,
      ]),
    ]),
    ...count(onlyFirst, one),
    ...count(onlySecond, other),
  ]
  return [head, indent(lines.join('\n'), '  ')].join('\n')
}

/** Names the row unless the row is the host's own: a node may have rows of containers. */
function cellName({ row, column }: CellDifference, host: string): string {
  return row === host || row.startsWith(`${host} `) ? plainText(column) : plainText(`${row} ${column}`)
}

function shown(text: string | undefined): string {
  return text === undefined ? '(no row)' : plainText(text) || '-'
}

/** `failed (ignored): the disk is full`, `would change: install dkms, write /etc/x`. */
function endText(end: TaskEnd | undefined, { started: { check } }: RecordedRun): string {
  if (end === undefined) return '-'
  const { outcome, handled, message, actions } = end
  const details = message ?? actions.join(', ')
  const word =
    outcome === 'changed' && check ? 'would change' : outcome === 'unknown' && check ? 'may run' : outcome
  const after = `${handled === undefined ? '' : ` (${handled})`}${details === '' ? '' : `: ${details}`}`
  return plainText(`${word}${after}`).replaceAll(/\s+/g, ' ')
}
