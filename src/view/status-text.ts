/** The table of `gpuplay status`, and the cause and the fix of everything that is off. */
import type { SummaryRow } from '../modules/module.ts'
import type { Colors } from './colors.ts'
import { tablesText } from './tables-text.ts'
import { findingsText, plainText } from './text.ts'

/** @param width Columns of the terminal; without one, nothing is left out. */
export function statusText(rows: readonly SummaryRow[], colors: Colors, width?: number): string {
  const findings = rows.flatMap((row) =>
    row.findings === undefined
      ? []
      : [`${colors.bold(plainText(row.cells[0] ?? ''))}\n${findingsText(row.findings)}`],
  )
  return [tablesText(rows, colors, width), ...findings].join('\n\n')
}
