/**
 * Keys in the matrix, as in the grid pattern of the ARIA Authoring Practices: arrows, Home, End and page keys
 * move, Enter and the space bar open the cell. One cell can be reached with the tab key.
 */

export interface MatrixCells {
  readonly rows: number
  readonly columns: number
  /** False for a row that a filter hides. */
  visible(row: number): boolean
  cell(row: number, column: number): HTMLTableCellElement | undefined
  open(row: number, column: number): void
}

interface Position {
  readonly row: number
  readonly column: number
}

const page = 10

export interface MatrixKeys {
  /** A filter was changed: the tab key must lead to a cell that is visible. */
  filtered(): void
}

export function createMatrixKeys(table: HTMLTableElement, cells: MatrixCells): MatrixKeys {
  let current: HTMLTableCellElement | undefined
  const makeCurrent = (cell: HTMLTableCellElement): void => {
    if (current !== undefined) current.tabIndex = -1
    current = cell
    cell.tabIndex = 0
  }
  const first = cells.cell(0, 0)
  if (first !== undefined) makeCurrent(first)
  table.addEventListener('focusin', ({ target }) => {
    const cell = cellOf(target)
    if (cell !== undefined) makeCurrent(cell)
  })
  table.addEventListener('click', ({ target }) => {
    const cell = cellOf(target)
    if (cell === undefined) return
    const { row, column } = positionOf(cell)
    cell.focus()
    cells.open(row, column)
  })
  table.addEventListener('keydown', (event) => {
    const cell = cellOf(event.target)
    if (cell === undefined || event.altKey || event.metaKey) return
    const position = positionOf(cell)
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      cells.open(position.row, position.column)
      return
    }
    const next = move(cells, position, event)
    if (next === undefined) return
    event.preventDefault()
    cells.cell(next.row, next.column)?.focus()
  })
  return {
    filtered() {
      if (current !== undefined && cells.visible(positionOf(current).row)) return
      const row = [...Array(cells.rows).keys()].find((index) => cells.visible(index))
      const cell = row === undefined ? undefined : cells.cell(row, 0)
      if (cell !== undefined) makeCurrent(cell)
    },
  }
}

function cellOf(target: EventTarget | null): HTMLTableCellElement | undefined {
  const cell = target instanceof Element ? target.closest('td') : null
  return cell ?? undefined
}

function positionOf({ dataset }: HTMLTableCellElement): Position {
  return { row: Number(dataset['row']), column: Number(dataset['column']) }
}

/** Returns where a key leads; undefined for a key that does not move. */
function move(
  cells: MatrixCells,
  { row, column }: Position,
  { key, ctrlKey }: Pick<KeyboardEvent, 'key' | 'ctrlKey'>,
): Position | undefined {
  const last = cells.columns - 1
  switch (key) {
    case 'ArrowLeft':
      return { row, column: Math.max(0, column - 1) }
    case 'ArrowRight':
      return { row, column: Math.min(last, column + 1) }
    case 'ArrowUp':
      return { row: along(cells, row, -1), column }
    case 'ArrowDown':
      return { row: along(cells, row, 1), column }
    case 'PageUp':
      return { row: along(cells, row, -page), column }
    case 'PageDown':
      return { row: along(cells, row, page), column }
    case 'Home':
      return { row: ctrlKey ? along(cells, row, -cells.rows) : row, column: 0 }
    case 'End':
      return { row: ctrlKey ? along(cells, row, cells.rows) : row, column: last }
    default:
      return undefined
  }
}

/** The row that is this number of visible rows away, or the last one in that direction. */
function along(cells: MatrixCells, from: number, steps: number): number {
  const direction = Math.sign(steps)
  let found = from
  let left = Math.abs(steps)
  for (let row = from + direction; left > 0 && row >= 0 && row < cells.rows; row += direction) {
    if (!cells.visible(row)) continue
    found = row
    left -= 1
  }
  return found
}
