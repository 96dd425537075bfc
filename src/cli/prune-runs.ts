/** Removes the logs of old runs. */
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readBeginning } from '../base/regular-file.ts'
import { readEvent } from '../events/read-event.ts'
import { linesOf, recordedRun } from './recorded-runs.ts'
import { logsIn } from './run-folders.ts'

/** A run without an end that has written nothing for this long was killed. Milliseconds. */
const longestSilence = 24 * 60 * 60 * 1000

/** Bytes. The first event names all hosts. */
const longestBeginning = 1024 * 1024

/** Bytes that all logs of a folder may have. */
const usualMost = 512 * 1024 * 1024

/**
 * Keeps the last runs and as many dry runs, so that checks do not displace the records of changes, as far as they
 * fit into `mostBytes`. The log of a run in progress stays, and so does the newest.
 */
export function pruneRuns(folder: string, keep: number, now: Date, mostBytes = usualMost): void {
  const logs = [...logsIn(folder)].reverse().map((name) => {
    const path = join(folder, name)
    return { path, size: statSync(path, { throwIfNoEntry: false })?.size ?? 0 }
  })
  if (logs.length <= keep && logs.reduce((sum, { size }) => sum + size, 0) <= mostBytes) return
  const kept = { real: 0, dry: 0 }
  let bytes = 0
  for (const [index, { path, size }] of logs.entries()) {
    const kind = isDry(path) ? 'dry' : 'real'
    kept[kind] += 1
    bytes += size
    const tooMany = kept[kind] > keep || (bytes > mostBytes && index > 0)
    if (!tooMany || mayBeInProgress(path, now)) continue
    rmSync(path, { force: true })
    bytes -= size
  }
}

/** A log without a beginning shows no change. */
function isDry(path: string): boolean {
  const beginning = readBeginning(path, longestBeginning)
  if (beginning.kind !== 'bytes') return false
  const text = beginning.bytes.toString('utf8')
  const end = text.indexOf('\n')
  if (end === -1) return text.length < longestBeginning
  const first = readEvent(text.slice(0, end))
  return first?.type !== 'run.started' || first.check
}

function mayBeInProgress(path: string, now: Date): boolean {
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  if (written === undefined || now.getTime() - written > longestSilence) return false
  const read = linesOf(path)
  return !('lines' in read) || recordedRun(read.lines)?.finished === undefined
}
