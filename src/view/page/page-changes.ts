/** What is different from the run before. */
import type { HostDifference, TaskEnd } from '../../events/run-difference.ts'
import type { ReportBefore, ReportData } from '../report/report-data.ts'
import { type Child, dataTable, element } from './page-elements.ts'
import { counted, outcomeWord } from './page-words.ts'

export function changesView({ before, check, version, run }: ReportData): readonly HTMLElement[] {
  if (before === undefined)
    return [
      element(
        'p',
        { class: 'dim' },
        `No earlier ${check ? 'dry run' : 'run'} of these playbooks is recorded.`,
      ),
    ]
  const intro = [
    `Compared with ${before.run}: ${before.result}.`,
    ...(before.version === version ? [] : [`gpuplay ${before.version} \u2192 ${version}.`]),
  ]
  const rows = before.hosts.flatMap((host) => rowsOf(host, { before, check, run }))
  return [
    element('p', {}, intro.join(' ')),
    ...(rows.length === 0
      ? []
      : [dataTable(['Host', 'What', 'Before', 'Now'], rows, { caption: 'Differences by host' })]),
    before.same === ''
      ? element('p', { class: 'dim' }, 'Something is different on every host.')
      : element('p', { class: 'dim' }, `No difference on ${before.same}.`),
  ]
}

interface Compared {
  readonly before: ReportBefore
  readonly check: boolean
  readonly run: string
}

function rowsOf(
  { host, only, cells, tasks, onlyFirst, onlySecond }: HostDifference,
  { before, check, run }: Compared,
): readonly (readonly Child[])[] {
  if (only !== undefined) return [[host, `only in ${only === 'first' ? before.run : run}`, '', '']]
  const more = (count: number, only: 'first' | 'second'): readonly (readonly Child[])[] => {
    if (count === 0) return []
    const words = `${counted(count, 'more task')}, ok or skipped`
    return [[host, 'only in one run', only === 'first' ? words : '', only === 'first' ? '' : words]]
  }
  return [
    ...cells.map(({ row, column, first, second }): readonly Child[] => [
      host,
      row === host || row.startsWith(`${host} `) ? column : `${row} ${column}`,
      first ?? '(no row)',
      second ?? '(no row)',
    ]),
    ...tasks.map(({ task, first, second }): readonly Child[] => [
      host,
      task?.name ?? 'connection',
      endOf(first, before.check),
      endOf(second, check),
    ]),
    ...more(onlyFirst, 'first'),
    ...more(onlySecond, 'second'),
  ]
}

function endOf(end: TaskEnd | undefined, check: boolean): Child {
  if (end === undefined) return '\u2013'
  const { outcome, handled, message, actions } = end
  const details = message ?? actions.join(', ')
  const word = `${outcomeWord(outcome, check)}${handled === undefined ? '' : ` (${handled})`}`
  return element(
    'span',
    {},
    element('strong', { class: `word o-${handled ?? outcome}` }, word),
    details === '' ? '' : ` ${details}`,
  )
}
