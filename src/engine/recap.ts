/** Counts outcomes by host and determines the exit code of the run. */
import { type ExitCode, exitCodes, lowestFailure } from '../base/errors.ts'
import type { SummaryRow } from '../modules/module.ts'
import { type Counts, type Failure, type Outcome, noCounts } from '../events/events.ts'

export interface Recap {
  /** Adds the host to the recap, even if nothing runs on it. */
  host(name: string): void
  count(host: string, outcome: Outcome | 'ignored' | 'rescued'): void
  /** Records a failure that was not ignored, with its exit code. */
  failure(failure: Failure): void
  row(row: SummaryRow): void
  readonly hosts: Readonly<Record<string, Counts>>
  readonly rows: readonly SummaryRow[]
  readonly failures: readonly Failure[]
  /** Returns the lowest exit code of a failure; without one, `changesFound` if requested. */
  exitCode(options: { readonly failOnChange: boolean; readonly interrupted: boolean }): ExitCode
}

export function createRecap(): Recap {
  const hosts: Record<string, Record<keyof Counts, number>> = {}
  const rows = new Map<string, SummaryRow>()
  const failures: Failure[] = []
  const entry = (name: string): Record<keyof Counts, number> => (hosts[name] ??= { ...noCounts })
  return {
    host: (name) => void entry(name),
    count(host, outcome) {
      entry(host)[outcome] += 1
    },
    failure: (failure) => void failures.push(failure),
    failures,
    row: (row) => void rows.set(`${row.table} ${row.order}`, row),
    get hosts() {
      return hosts
    },
    get rows() {
      return [...rows.values()].sort((left, right) => (left.order < right.order ? -1 : 1))
    },
    exitCode({ failOnChange, interrupted }) {
      if (interrupted) return exitCodes.interrupted
      const lowest = lowestFailure(failures.map(({ exitCode }) => exitCode))
      if (lowest !== undefined) return lowest
      const found = Object.values(hosts).some((counts) => counts.changed > 0 || counts.unknown > 0)
      return failOnChange && found ? exitCodes.changesFound : exitCodes.success
    },
  }
}
