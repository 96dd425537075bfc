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

/**
 * Keeps the last runs and as many dry runs, so that checks do not displace the records of changes. The log of a run in
 * progress stays.
 */
export function pruneRuns(folder: string, keep: number, now: Date): void {
  const logs = [...logsIn(folder)].reverse()
  if (logs.length <= keep) return
  const kept = { real: 0, dry: 0 }
  for (const name of logs) {
    const path = join(folder, name)
    const kind = isDry(path) ? 'dry' : 'real'
    kept[kind] += 1
    if (kept[kind] > keep && !mayBeInProgress(path, now)) rmSync(path, { force: true })
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
