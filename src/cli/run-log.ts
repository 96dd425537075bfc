/**
 * The log of a run on this machine: its events as `--output jsonl` prints them, each written as it happens, so
 * that a run that is killed leaves a readable file.
 */
import { appendFileSync, closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemReason } from '../base/regular-file.ts'
import type { Event } from '../events/events.ts'
import { createJsonlView } from '../view/jsonl.ts'
import { pruneRuns } from './prune-runs.ts'

export interface RunLog {
  /** Never throws. The first event creates the file. */
  readonly take: (event: Event) => void
  /** Returns what the log lacks, as sentences. */
  readonly close: () => readonly string[]
}

export interface RunLogOptions {
  /** The log goes to the first one that can be written. */
  readonly folders: readonly string[]
  /** Number of logs to keep in that folder, this one included, and of dry runs as many again; 0: none is written. */
  readonly keep: number
  readonly now: () => Date
  /** Bytes that a log may have; its last event is written all the same. */
  readonly mostBytes?: number
}

/** Bytes. A run on 200 hosts with 60 tasks writes about 10 MiB. */
const usualMost = 64 * 1024 * 1024

export function createRunLog({ folders, keep, now, mostBytes = usualMost }: RunLogOptions): RunLog {
  const lacks: string[] = []
  let log: OpenLog | undefined
  let begun = keep === 0
  let written = 0
  let full = false
  let last = false
  const view = createJsonlView((text) => {
    if (log === undefined) return
    const bytes = Buffer.from(text)
    if (!full && written + bytes.length > mostBytes) {
      full = true
      lacks.push(`the record of this run is incomplete: ${log.path} has reached ${shownSize(mostBytes)}`)
    }
    // The end of a run says which hosts failed; an event after a gap would only look complete.
    if (full && !last) return
    written += bytes.length
    appendFileSync(log.file, bytes)
  })
  const attempt = (failure: string, work: () => void): void => {
    try {
      work()
    } catch (error) {
      lacks.push(`${failure}: ${systemReason(error)}`)
    }
  }
  const close = (): readonly string[] => {
    if (log !== undefined) closeSync(log.file)
    log = undefined
    return lacks
  }
  return {
    close,
    take(event) {
      const first = !begun
      if (first) {
        begun = true
        attempt(`this run is not recorded: cannot write ${folders[0] ?? ''}`, () => {
          log = openLog(folders, event.run)
        })
      }
      if (log === undefined) return
      const { path, folder } = log
      attempt(`the record of this run is incomplete: cannot write ${path}`, () => {
        try {
          last = event.type === 'run.finished'
          view.take(event)
        } catch (error) {
          // A later event after a gap would only look complete.
          close()
          throw error
        }
      })
      // After the first event: it says whether this is a dry run.
      if (first) attempt(`cannot remove old logs in ${folder}`, () => pruneRuns(folder, keep, now()))
    },
  }
}

function shownSize(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${Math.floor(bytes / 1024 / 1024)} MiB`
}

interface OpenLog {
  readonly folder: string
  readonly path: string
  readonly file: number
}

/** @throws the error of the first folder if none can be written */
function openLog(folders: readonly string[], run: string): OpenLog {
  const errors: unknown[] = []
  for (const folder of folders) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const path = join(folder, `${run}.jsonl`)
      const file = openSync(path, 'ax', 0o600)
      keepOutOfRepositories(dirname(folder))
      return { folder, path, file }
    } catch (error) {
      errors.push(error)
    }
  }
  throw errors[0]
}

/** Logs name hosts and show what changed there. An existing file stays. */
function keepOutOfRepositories(folder: string): void {
  try {
    writeFileSync(join(folder, '.gitignore'), '*\n', { flag: 'wx' })
  } catch {
    // The log is more important than this file.
  }
}
