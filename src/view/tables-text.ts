/** The tables that tasks fill, such as the GPUs of nodes and containers. */
import { grouped } from '../base/grouped.ts'
import type { SummaryRow } from '../modules/module.ts'
import type { Colors } from './colors.ts'
import { cut, plainText, table, widthOf } from './text.ts'

export function tablesText(rows: readonly SummaryRow[], colors: Colors, width = Infinity): string {
  const names = [...new Set(rows.map((row) => row.table))]
  return names
    .map((name) => {
      const members = rows.filter((row) => row.table === name)
      const lines = tableWithin(members, width)
      const problems = members.filter((row) => row.state === 'problem').length
      const body = lines.map((line, index) => {
        if (index === 0) return colors.bold(line)
        const state = members[index - 1]?.state
        return state === 'problem' ? colors.red(line) : state === 'pending' ? colors.yellow(line) : line
      })
      if (problems > 0) body.push(colors.red(`${problems} ${problems === 1 ? 'problem' : 'problems'}`))
      const notes = new Set(members.flatMap(({ note }) => note ?? []))
      body.push(...[...notes].map((note) => colors.dim(plainText(note))))
      return body.join('\n')
    })
    .join('\n\n')
}

/** Rows of a table at the end of a run; larger ones show only what is not in order. */
const mostTableRows = 30

/** The same for the end of a run, in which the table of a fleet leaves out rows that are in order. */
export function fleetTablesText(rows: readonly SummaryRow[], colors: Colors, width?: number): string {
  return [...grouped(rows, (row) => row.table)]
    .map((members) => {
      if (members.length <= mostTableRows) return tablesText(members, colors, width)
      const off = members.filter((row, index) => row.state !== 'ok' || hasRowsOff(members, index))
      const left = `${members.length - off.length} more are in order`
      return off.length === 0
        ? colors.dim(`${members[0]?.columns[0] ?? ''}: all ${members.length} are in order`)
        : `${tablesText(off, colors, width)}\n${colors.dim(left)}`
    })
    .join('\n\n')
}

/** True for a node with a container that is not in order: without its node, nobody knows where it is. */
function hasRowsOff(rows: readonly SummaryRow[], index: number): boolean {
  const depth = rows[index]?.indent ?? 0
  const end = rows.findIndex((row, other) => other > index && (row.indent ?? 0) <= depth)
  return rows.slice(index + 1, end < 0 ? undefined : end).some(({ state }) => state !== 'ok')
}

/** Columns of the last cell that a table keeps at least: it may be a whole sentence, but begins with a word. */
const lastCell = 24

/** Leaves out the dispensable columns of a table that is too wide, then cuts its lines. */
function tableWithin(rows: readonly SummaryRow[], width: number): readonly string[] {
  const { columns = [], dispensable = [] } = rows[0] ?? {}
  const cells = [
    columns,
    ...rows.map((row) =>
      row.cells.map((cell, index) => (index === 0 ? '  '.repeat(row.indent ?? 0) : '') + plainText(cell)),
    ),
  ]
  const without = (left: readonly string[]): readonly string[] =>
    table(cells.map((row) => row.filter((_, index) => !left.includes(columns[index] ?? ''))))
  const cuttable = cells.slice(1).map((row) => Math.max(0, widthOf(row.at(-1) ?? '') - lastCell))
  const fits = ([, ...lines]: readonly string[]): boolean =>
    lines.every((line, index) => widthOf(line) - (cuttable[index] ?? 0) <= width)
  const tried = [...Array(dispensable.length + 1).keys()].map((count) => dispensable.slice(0, count))
  const enough = tried.find((left) => fits(without(left))) ?? dispensable
  return without(enough).map((line) => cut(line, width))
}
