/**
 * The matrix of hosts and tasks. A few hosts are columns, so that each task has a line; in a fleet, hosts are
 * rows. Only rows near the visible part are drawn; the others get their cells when they come near.
 */
import { duration } from '../duration.ts'
import type { CellOutcome, ReportCell, ReportData } from '../report/report-data.ts'
import { element, scrollBox, whenPrinted } from './page-elements.ts'
import { createMatrixKeys } from './page-matrix-keys.ts'
import { counted, headLabel, outcomes, outcomeWord, signOf, worstOf } from './page-words.ts'

const mostHostColumns = 12

interface Axis {
  readonly label: string
  readonly title: string
}

/** The matrix, seen from its orientation. */
interface Matrix {
  readonly rows: readonly Axis[]
  readonly columns: readonly Axis[]
  readonly rowWord: 'host' | 'task'
  readonly cellsAt: (row: number, column: number) => readonly ReportCell[]
}

/** @param show Opens the dialog with these cells. */
export function matrixView(
  data: ReportData,
  show: (cells: readonly ReportCell[]) => void,
): readonly HTMLElement[] {
  const matrix = orient(data)
  const { rows, columns, rowWord } = matrix
  const drawn = rows.map((row, index) => drawRow(row, index))
  const table = element(
    'table',
    {
      class: `matrix by-${rowWord}`,
      role: 'grid',
      'aria-label': `Outcomes of ${counted(data.hosts.length, 'host')} and ${counted(data.tasks.length, 'task')}`,
      'aria-rowcount': String(rows.length + 1),
      'aria-colcount': String(columns.length + 1),
    },
    element('thead', {}, headOf(matrix)),
    element('tbody', {}, ...drawn.map(({ line }) => line)),
  )
  const box = scrollBox('Matrix of hosts and tasks', table)
  // The cells have the focus, not the box.
  box.removeAttribute('tabindex')
  const keys = createMatrixKeys(table, {
    rows: rows.length,
    columns: columns.length,
    visible: (row) => drawn[row]?.line.hidden === false,
    cell: (row, column) => drawn[row]?.cells()[column],
    open: (row, column) => show(matrix.cellsAt(row, column)),
  })
  observe(drawn, box)
  const filters = filterBar(matrix, data, (keep) => {
    drawn.forEach(({ line }, row) => {
      line.hidden = !keep(row)
    })
    keys.filtered()
  })
  return [filters, legend(data), box]

  function drawRow(row: Axis, index: number): DrawnRow {
    const line = element(
      'tr',
      { 'aria-rowindex': String(index + 2) },
      element('th', { scope: 'row', title: row.title }, row.label),
    )
    let cells: readonly HTMLTableCellElement[] | undefined
    return {
      line,
      cells() {
        if (cells === undefined) {
          cells = columns.map((column, position) =>
            drawCell(matrix, { row, column, index, position }, data.check),
          )
          line.append(...cells)
        }
        return cells
      },
    }
  }
}

interface DrawnRow {
  readonly line: HTMLTableRowElement
  /** Draws them at the first call. */
  cells(): readonly HTMLTableCellElement[]
}

function orient({ hosts, tasks, cells }: ReportData): Matrix {
  const places = new Map<string, ReportCell[]>()
  for (const cell of cells) {
    const key = `${cell.host} ${cell.task}`
    places.set(key, [...(places.get(key) ?? []), cell])
  }
  const at = (host: number, task: number): readonly ReportCell[] => places.get(`${host} ${task}`) ?? []
  const hostAxis = hosts.map(({ name, node, ctid, unreachable }) => ({
    label: unreachable === undefined ? name : `${name} ${signOf('unreachable')}`,
    title: [
      name,
      ...(node === undefined ? [] : [`CT ${ctid ?? ''} on ${node}`]),
      ...(unreachable === undefined ? [] : [`unreachable: ${unreachable}`]),
    ].join('\n'),
  }))
  const taskAxis = tasks.map(({ name, module, where, handler }) => ({
    label: handler ? `${name} (handler)` : name,
    title: `${name}\n${module}, ${where}`,
  }))
  return hosts.length <= mostHostColumns
    ? { rows: taskAxis, columns: hostAxis, rowWord: 'task', cellsAt: (row, column) => at(column, row) }
    : { rows: hostAxis, columns: taskAxis, rowWord: 'host', cellsAt: at }
}

function headOf({ columns, rowWord }: Matrix): HTMLElement {
  const heads = columns.map(({ label, title }, index) =>
    element('th', { scope: 'col', title }, element('span', {}, headLabel(label, columns[index - 1]?.label))),
  )
  const corner = element('th', { scope: 'col', class: 'corner' }, rowWord === 'host' ? 'Host' : 'Task')
  return element('tr', { 'aria-rowindex': '1' }, corner, ...heads)
}

interface Place {
  readonly row: Axis
  readonly column: Axis
  readonly index: number
  readonly position: number
}

function drawCell(
  matrix: Matrix,
  { row, column, index, position }: Place,
  check: boolean,
): HTMLTableCellElement {
  const cells = matrix.cellsAt(index, position)
  const outcome = worstOf(cells.map((cell) => cell.outcome))
  const took = cells.reduce((total, { start, end }) => total + end - start, 0)
  const words = outcome === undefined ? 'did not run' : `${outcomeWord(outcome, check)}, ${duration(took)}`
  const label = `${row.label}, ${column.label}: ${words}`
  return element(
    'td',
    {
      role: 'gridcell',
      tabindex: '-1',
      class: outcome === undefined ? 'none' : `o-${outcome}`,
      title: label,
      'aria-label': label,
      'aria-colindex': String(position + 2),
      'data-row': String(index),
      'data-column': String(position),
    },
    outcome === undefined ? '' : signOf(outcome),
  )
}

/** Draws the rows that come near the visible part of the box. */
function observe(rows: readonly DrawnRow[], box: HTMLElement): void {
  const waiting = new Map<Element, DrawnRow>(rows.map((row) => [row.line, row]))
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue
        waiting.get(target)?.cells()
        observer.unobserve(target)
      }
    },
    { root: box, rootMargin: '600px' },
  )
  for (const { line } of rows) observer.observe(line)
  whenPrinted(() => {
    for (const row of rows) row.cells()
  })
}

const chosenOutcomes: Readonly<Record<'changed' | 'failed', readonly CellOutcome[]>> = {
  changed: ['changed', 'unknown', 'failed', 'unreachable', 'rescued', 'ignored'],
  failed: ['failed', 'unreachable', 'rescued', 'ignored'],
}

/** @param apply Is called with the rows to keep. */
function filterBar(
  { rows, columns, rowWord, cellsAt }: Matrix,
  { hosts, check }: ReportData,
  apply: (keep: (row: number) => boolean) => void,
): HTMLElement {
  const found = rows.map((_, row) =>
    columns.flatMap((__, column) => cellsAt(row, column).map(({ outcome }) => outcome)),
  )
  const text = element('input', { type: 'search', id: 'matrix-text' })
  const choice = element(
    'select',
    { id: 'matrix-choice' },
    element('option', { value: 'all' }, `all ${rowWord}s`),
    element('option', { value: 'changed' }, check ? 'that would change or failed' : 'that changed or failed'),
    element('option', { value: 'failed' }, 'that failed'),
  )
  const count = element('output', { for: 'matrix-text matrix-choice' })
  const update = (): void => {
    const wanted = text.value.trim().toLowerCase()
    const kept = rows.map(({ label }, row) => {
      if (!label.toLowerCase().includes(wanted)) return false
      if (choice.value === 'all') return true
      const lost = rowWord === 'host' && hosts[row]?.unreachable !== undefined
      const outcomesOf = chosenOutcomes[choice.value === 'failed' ? 'failed' : 'changed']
      return lost || (found[row] ?? []).some((outcome) => outcomesOf.includes(outcome))
    })
    apply((row) => kept[row] === true)
    count.textContent = `${kept.filter(Boolean).length} of ${counted(rows.length, rowWord)}`
  }
  text.addEventListener('input', update)
  choice.addEventListener('change', update)
  update()
  return element(
    'div',
    { class: 'bar' },
    element('label', { for: 'matrix-text' }, `Names of ${rowWord}s with`),
    text,
    element('label', { for: 'matrix-choice' }, 'Show'),
    choice,
    count,
  )
}

/** Only what the matrix has. */
function legend({ cells, check }: ReportData): HTMLElement {
  const found = new Set(cells.map(({ outcome }) => outcome))
  return element(
    'ul',
    { class: 'legend' },
    ...outcomes
      .filter((outcome) => found.has(outcome))
      .map((outcome) =>
        element(
          'li',
          {},
          element('span', { class: `sign o-${outcome}`, 'aria-hidden': 'true' }, signOf(outcome)),
          ` ${outcomeWord(outcome, check)}`,
        ),
      ),
  )
}
