import { resolve } from 'node:path'
import { pageScript } from '../../base/built.ts'
import { exitCodes, InputError } from '../../base/errors.ts'
import { systemReason } from '../../base/regular-file.ts'
import { problem } from '../../language/source.ts'
import { reportOfRun, type ReportedRun } from '../../view/report/report-of-run.ts'
import { reportPage } from '../../view/report/report-page.ts'
import { configured } from '../configuration.ts'
import type { Context } from '../context.ts'
import type { InventoryFlags } from '../flags.ts'
import {
  begunRun,
  chosenRecord,
  eventsIn,
  linesOf,
  readRecord,
  recordedRun,
  recordsOf,
  type RunRecord,
  samePlaybooks,
} from '../recorded-runs.ts'
import { inventoriesOf } from '../run-inputs.ts'
import { reportProblems } from '../show.ts'
import { whyNotWritable, writeWholeFile } from '../whole-file.ts'

export interface ReportFlags extends Pick<InventoryFlags, 'inventory'> {
  /** The HTML file to write. */
  readonly out: string
}

/** `gpuplay report [ID] -i INV -o FILE`: a recorded run, by default the last one, as one HTML file. */
export function reportCommand(this: Context, { out, ...flags }: ReportFlags, id?: string): void {
  try {
    const path = resolve(this.world.workingDirectory, out)
    const refusal = whyNotWritable(path)
    if (refusal !== undefined) throw new InputError([refusal])
    const records = recordsOf(this, inventoriesOf(this, configured(this, flags)))
    const record = id === undefined ? lastOf(records) : chosenRecord(records, id)
    const run = reportedRun(record)
    const data = reportOfRun(run, runBefore(this, records.slice(0, records.indexOf(record)), run))
    write(path, reportPage(data, pageScript()), this.world.randomHex)
    this.errors.write(`the report of ${record.id} is in ${out}\n`)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

function lastOf(records: readonly RunRecord[]): RunRecord {
  const last = records.at(-1)
  if (last !== undefined) return last
  const hint = 'name the inventory of the run with -i; see "gpuplay runs" for the list'
  throw new InputError([problem('unknown-run', 'no run is recorded for this inventory', { hint })])
}

function reportedRun(record: RunRecord): ReportedRun {
  const lines = readRecord(record)
  const { started } = begunRun(record, lines)
  return { started, events: [...eventsIn(lines)] }
}

/** The last earlier run of the same playbooks; for a dry run, the last such dry run. */
function runBefore(
  { world }: Pick<Context, 'world'>,
  earlier: readonly RunRecord[],
  { started: { check, playbooks } }: ReportedRun,
): ReportedRun | undefined {
  for (const { path } of earlier.toReversed()) {
    const read = linesOf(path)
    if (!('lines' in read)) continue
    const started = recordedRun(read.lines)?.started
    if (started?.check === check && samePlaybooks(started.playbooks, playbooks, world))
      return { started, events: [...eventsIn(read.lines)] }
  }
  return undefined
}

function write(path: string, text: string, randomHex: (bytes: number) => string): void {
  try {
    writeWholeFile(path, text, randomHex)
  } catch (error) {
    const hint = 'check the directory and its permissions'
    throw new InputError([problem('not-writable', `cannot write ${path}: ${systemReason(error)}`, { hint })])
  }
}
