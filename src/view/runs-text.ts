/** The list of recorded runs. */
import type { Event } from '../events/events.ts'
import type { Colors } from './colors.ts'
import { closingText } from './recap-text.ts'
import { cut, plainText, table } from './text.ts'

/** The first and the last event of a run. */
export interface RecordedRun {
  readonly started: Extract<Event, { readonly type: 'run.started' }>
  /** Undefined if the run was killed, or is still running. */
  readonly finished: Extract<Event, { readonly type: 'run.finished' }> | undefined
}

/** @param width Columns of the terminal; without one, nothing is cut. */
export function runsText(runs: readonly RecordedRun[], colors: Colors, width = Infinity): string {
  const [head = '', ...lines] = table([
    ['ID', 'WHEN', 'HOSTS', 'RESULT', 'COMMAND'],
    ...runs.map((run) => [
      run.started.run,
      localTime(run.started.time),
      hostsOf(run.started.hosts),
      resultOf(run),
      plainText(run.started.command),
    ]),
  ]).map((line) => cut(line, width))
  const body = lines.map((line, index) => {
    const { finished } = runs[index] ?? {}
    if (finished === undefined) return colors.yellow(line)
    return finished.failures.length > 0 ? colors.red(line) : line
  })
  return [colors.bold(head), ...body].join('\n')
}

export const noEnd = 'not finished: killed, or still running'

function resultOf({ finished }: RecordedRun): string {
  if (finished === undefined) return noEnd
  return `${finished.check ? 'dry run, ' : ''}${plainText(closingText(finished))}`
}

/** `pve1 pve2 web and 12 more` */
export function hostsOf(hosts: readonly string[]): string {
  const shown = hosts.slice(0, 3).map(plainText).join(' ')
  return hosts.length <= 3 ? shown : `${shown} and ${hosts.length - 3} more`
}

/** `2026-11-22 03:15:49` in the time zone of this machine. */
function localTime(time: string): string {
  return new Date(time).toLocaleString('sv-SE')
}
