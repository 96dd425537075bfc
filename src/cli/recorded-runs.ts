/** The logs of the runs of an inventory. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InputError } from '../base/errors.ts'
import { readRegularFile, systemReason } from '../base/regular-file.ts'
import type { Event } from '../events/events.ts'
import { readEvent } from '../events/read-event.ts'
import { problem } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import type { RecordedRun } from '../view/runs-text.ts'
import type { Context } from './context.ts'
import { logsIn, runFolders } from './run-folders.ts'

export interface RunRecord {
  /** The ID of the run. */
  readonly id: string
  readonly path: string
}

/** Returns the logs in all folders of the inventories, oldest first. Warns of folders that cannot be read. */
export function recordsOf(
  { world, errors }: Pick<Context, 'world' | 'errors'>,
  inventories: readonly string[],
): readonly RunRecord[] {
  return runFolders(inventories, world)
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => {
      try {
        return logsIn(folder).map((name) => ({ id: name.replace(/\.jsonl$/, ''), path: join(folder, name) }))
      } catch (error) {
        errors.write(`warning: cannot read ${folder}: ${systemReason(error)}\n`)
        return []
      }
    })
    .sort((left, right) => (left.id < right.id ? -1 : 1))
}

/** Returns the first and last event; undefined for a log without a beginning: the disk was full. */
export function recordedRun(lines: readonly string[]): RecordedRun | undefined {
  const started = readEvent(lines[0] ?? '')
  const last = readEvent(lines.at(-1) ?? '')
  if (started?.type !== 'run.started') return undefined
  return { started, finished: last?.type === 'run.finished' ? last : undefined }
}

/** Whether both name the same files; relative names count from the working directory. */
export function samePlaybooks(
  first: readonly string[],
  second: readonly string[],
  { workingDirectory }: Pick<Context['world'], 'workingDirectory'>,
): boolean {
  const [one, other] = [first, second].map((names) => names.map((name) => resolve(workingDirectory, name)))
  return JSON.stringify(one) === JSON.stringify(other)
}

/** Returns the last run and the last dry run, as far as they are recorded and can be read. */
export function lastRuns(records: readonly RunRecord[]): readonly RecordedRun[] {
  const found = new Map<boolean, RecordedRun>()
  for (const { path } of records.toReversed()) {
    const read = linesOf(path)
    const run = 'lines' in read ? recordedRun(read.lines) : undefined
    if (run !== undefined && !found.has(run.started.check)) found.set(run.started.check, run)
    if (found.size === 2) break
  }
  return [false, true].flatMap((check) => found.get(check) ?? [])
}

/** More than any run writes. */
const largest = 512 * 1024 * 1024

export function linesOf(path: string): { readonly lines: readonly string[] } | { readonly why: string } {
  const read = readRegularFile(path, largest)
  if (read.kind === 'bytes') return { lines: read.bytes.toString('utf8').trimEnd().split('\n') }
  return { why: `cannot read ${path}: ${read.kind === 'missing' ? 'it was removed meanwhile' : read.why}` }
}

/** @throws InputError if no log, or more than one, begins with this */
export function chosenRecord(logs: readonly RunRecord[], id: string): RunRecord {
  const [first, second] = logs.filter((log) => log.id.startsWith(id))
  if (first === undefined) {
    const ids = logs.map((log) => log.id)
    const hint = didYouMean(id, ids, 'see "gpuplay runs" for the list')
    throw new InputError([
      problem('unknown-run', `no run with the ID ${JSON.stringify(id)} is recorded`, { hint }),
    ])
  }
  if (second === undefined) return first
  const hint = `type more of the ID, for example ${second.id}`
  throw new InputError([
    problem('unknown-run', `the IDs of several runs begin with ${JSON.stringify(id)}`, { hint }),
  ])
}

/** @throws InputError for a log without a beginning: the disk was full */
export function begunRun({ path }: RunRecord, lines: readonly string[]): RecordedRun {
  const run = recordedRun(lines)
  if (run !== undefined) return run
  throw new InputError([problem('unreadable-log', `${path} has no beginning`, { hint: 'remove it' })])
}

/** @throws InputError if the log cannot be read */
export function readRecord({ path }: RunRecord): readonly string[] {
  const read = linesOf(path)
  if ('why' in read) throw new InputError([problem('unreadable-log', read.why)])
  return read.lines
}

/** Without the cut line of a run that was killed, and events that this version does not know. */
export function* eventsIn(lines: readonly string[]): Iterable<Event> {
  for (const line of lines) {
    const event = readEvent(line)
    if (event !== undefined) yield event
  }
}
