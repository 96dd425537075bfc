/** The result of the run in short: counts, failures, warnings. */
import { duration } from '../duration.ts'
import type { CellOutcome, ReportCell, ReportData } from '../report/report-data.ts'
import { type Child, element, linkButton } from './page-elements.ts'
import { counted, outcomes, outcomeWord } from './page-words.ts'

type Show = (cells: readonly ReportCell[]) => void

export function summaryView(data: ReportData, show: Show): readonly HTMLElement[] {
  const { failures, warnings, problems } = data
  return [
    tiles(data),
    facts(data),
    ...list(
      'Mistakes',
      problems.map((problem) => [element('pre', { tabindex: '0' }, problem)]),
    ),
    ...list(
      'Failures',
      failures.map((failure) => failureItem(failure, data, show)),
    ),
    ...list(
      'Warnings',
      warnings.map(({ message, hosts, count }) => [
        message,
        hosts === '' ? '' : element('span', { class: 'dim' }, ` ${hosts}`),
        count === 1 ? '' : element('span', { class: 'dim' }, ` (${count})`),
      ]),
    ),
  ]
}

function tiles({ cells, hosts, check }: ReportData): HTMLElement {
  const counts = new Map<CellOutcome, number>()
  for (const { outcome } of cells) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const lost = hosts.filter(({ unreachable }) => unreachable !== undefined).length
  const tile = (count: number, word: string, kind: string): HTMLElement =>
    element('li', { class: `tile ${kind}` }, element('strong', {}, String(count)), ` ${word}`)
  return element(
    'ul',
    { class: 'tiles' },
    tile(hosts.length, hosts.length === 1 ? 'host' : 'hosts', ''),
    lost === 0 ? undefined : tile(lost, 'unreachable', 'o-unreachable'),
    ...outcomes.flatMap((outcome) => {
      const count = counts.get(outcome) ?? 0
      return count === 0 ? [] : [tile(count, outcomeWord(outcome, check), `o-${outcome}`)]
    }),
  )
}

function facts({
  run,
  command,
  playbooks,
  time,
  duration: took,
  version,
  check,
  hosts,
  tasks,
}: ReportData): HTMLElement {
  const entries: readonly (readonly [string, Child])[] = [
    ['Run', run],
    ['Command', element('code', {}, command === '' ? playbooks.join(' ') : command)],
    ['Started', element('time', { datetime: time }, new Date(time).toLocaleString('sv-SE'))],
    ['Duration', duration(took)],
    ['Size', `${counted(hosts.length, 'host')}, ${counted(tasks.length, 'task')}`],
    ['Kind', check ? 'dry run: nothing was changed' : 'run'],
    ['gpuplay', version],
  ]
  return element(
    'dl',
    { class: 'facts' },
    ...entries.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)]),
  )
}

function failureItem(
  { host, task, message, cell }: ReportData['failures'][number],
  { cells }: ReportData,
  show: Show,
): readonly Child[] {
  const name = task === undefined ? host : `${host}: ${task}`
  const found = cell === undefined ? undefined : cells[cell]
  return [
    found === undefined ? element('strong', {}, name) : linkButton(name, () => show([found])),
    element('pre', { class: 'problem', tabindex: '0' }, message),
  ]
}

function list(title: string, items: readonly (readonly Child[])[]): readonly HTMLElement[] {
  if (items.length === 0) return []
  return [
    element('h3', {}, `${title} (${items.length})`),
    element('ul', { class: title.toLowerCase() }, ...items.map((item) => element('li', {}, ...item))),
  ]
}
