/** The dialog that shows one task on one host: changes, output, logs. */
import { duration } from '../duration.ts'
import type { CellDetail, ReportCell, ReportData, ReportItem } from '../report/report-data.ts'
import type { Finding } from '../../host/plan.ts'
import { type Child, element } from './page-elements.ts'
import { diffLine, outcomeWord, sinceStart } from './page-words.ts'

export interface DetailDialog {
  readonly dialog: HTMLDialogElement
  /** Shows all turns of the task on the host. The focus returns to where it was. */
  readonly show: (cells: readonly ReportCell[]) => void
}

export function createDetailDialog(data: ReportData): DetailDialog {
  const body = element('div')
  const close = element('button', { type: 'button', class: 'close' }, 'Close')
  const dialog = element('dialog', { 'aria-labelledby': 'detail-heading' }, close, body)
  close.addEventListener('click', () => dialog.close())
  dialog.addEventListener('click', (event) => {
    // A click on the dialog itself is one beside its content.
    if (event.target === dialog) dialog.close()
  })
  return {
    dialog,
    show(cells) {
      const [first] = cells
      if (first === undefined) return
      const task = data.tasks[first.task]
      const heading = `${data.hosts[first.host]?.name ?? ''}: ${task?.name ?? ''}`
      body.replaceChildren(
        element(
          'div',
          {},
          element('h2', { id: 'detail-heading' }, heading),
          element('p', { class: 'dim' }, placeOf(data, first)),
          ...cells.flatMap((cell) => turn(data, cell)),
        ),
      )
      dialog.showModal()
      dialog.scrollTop = 0
    },
  }
}

function placeOf({ tasks }: ReportData, cell: ReportCell): string {
  const task = tasks[cell.task]
  if (task === undefined) return ''
  const { module, where, handler, play } = task
  return [
    `${handler ? 'handler, ' : ''}${module}`,
    where,
    ...(play === undefined ? [] : [`play ${play}`]),
  ].join(' \u00b7 ')
}

function turn(data: ReportData, { outcome, start, end, detail }: ReportCell): readonly Child[] {
  const times = `after ${sinceStart(start)}, took ${duration(end - start)}`
  const found = detail === undefined ? undefined : data.details[detail]
  return [
    element(
      'p',
      {},
      element('strong', { class: `word o-${outcome}` }, outcomeWord(outcome, data.check)),
      ` ${times}`,
    ),
    ...(found === undefined ? [] : partsOf(found, data)),
  ]
}

function partsOf(detail: CellDetail, data: ReportData): readonly Child[] {
  const { items = [], logs = [], leftOut } = detail
  return [
    ...common(detail),
    ...items.map((item) => itemOf(item, data)),
    ...logs.map(({ on, path, text }) => folded(`${path} on ${on} (the end)`, block(text))),
    leftOut === true
      ? element(
          'p',
          { class: 'dim' },
          `Left out because the report is large: gpuplay runs show ${data.run} -vv shows it.`,
        )
      : undefined,
  ]
}

function itemOf(item: ReportItem, { check }: ReportData): HTMLElement {
  const word = element('strong', { class: `word o-${item.outcome}` }, outcomeWord(item.outcome, check))
  const parts = common(item).filter((part) => part !== undefined)
  if (parts.length === 0) return element('p', {}, word, ` ${item.item}`)
  return element('details', {}, element('summary', {}, word, ` ${item.item}`), ...parts)
}

function common(detail: Omit<CellDetail, 'items' | 'logs' | 'leftOut'>): readonly Child[] {
  const { why, message, problem, actions = [], diffs = [], program, findings = [] } = detail
  return [
    why === undefined ? undefined : element('p', {}, why),
    problem === undefined ? undefined : block(problem, 'problem'),
    message === undefined ? undefined : block(message),
    actions.length === 0
      ? undefined
      : element('ul', {}, ...actions.map((action) => element('li', {}, action))),
    ...findings.map(findingOf),
    ...diffs.map(diffBlock),
    ...(program === undefined
      ? []
      : [
          element('p', {}, `exit status ${program.rc}`),
          program.stdout === '' ? undefined : labelled('output', block(program.stdout)),
          program.stderr === '' ? undefined : labelled('error output', block(program.stderr)),
        ]),
  ]
}

export function findingOf({ message, cause, line, fix }: Finding): HTMLElement {
  const more = Object.entries({ cause, line, fix }).flatMap(([name, text]) =>
    text === undefined ? [] : [element('dt', {}, name), element('dd', {}, text)],
  )
  return element('div', { class: 'finding' }, element('p', {}, message), element('dl', {}, ...more))
}

function labelled(label: string, content: HTMLElement): HTMLElement {
  return element('div', {}, element('p', { class: 'dim' }, label), content)
}

function folded(summary: string, content: HTMLElement): HTMLElement {
  return element('details', {}, element('summary', {}, summary), content)
}

/** Scrolls with the keyboard, because long lines are not wrapped. */
function block(text: string, kind = 'text'): HTMLElement {
  return element('pre', { class: kind, tabindex: '0' }, text)
}

function diffBlock(diff: string): HTMLElement {
  const lines = diff.split('\n').map((line) => element('span', { class: diffLine(line) }, `${line}\n`))
  return element('pre', { class: 'diff', tabindex: '0' }, ...lines)
}
