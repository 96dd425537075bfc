/**
 * The log of a run on this machine: its events as `--output jsonl` prints them, each written as it happens, so
 * that a run that is killed leaves a readable file.
 */
import { appendFileSync, closeSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemReason } from '../base/regular-file.ts'
import type { Event } from '../events/events.ts'
import { createJsonlView } from '../view/jsonl.ts'

export interface RunLog {
  /** Never throws. The first event creates the file. */
  readonly take: (event: Event) => void
  /** Returns what the log lacks, as sentences. */
  readonly close: () => readonly string[]
}

export interface RunLogOptions {
  /** The log goes to the first one that can be written. */
  readonly folders: readonly string[]
  /** Number of logs to keep in that folder, this one included; 0: none is written. */
  readonly keep: number
}

export function createRunLog({ folders, keep }: RunLogOptions): RunLog {
  const lacks: string[] = []
  let log: OpenLog | undefined
  let begun = keep === 0
  const view = createJsonlView((text) => {
    if (log !== undefined) appendFileSync(log.file, text)
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
      if (!begun) {
        begun = true
        attempt(`this run is not recorded: cannot write ${folders[0] ?? ''}`, () => {
          log = openLog(folders, event.run)
        })
        const folder = log?.folder
        if (folder !== undefined) attempt(`cannot remove old logs in ${folder}`, () => prune(folder, keep))
      }
      if (log === undefined) return
      const { path } = log
      attempt(`the record of this run is incomplete: cannot write ${path}`, () => {
        try {
          view.take(event)
        } catch (error) {
          // A later event after a gap would only look complete.
          close()
          throw error
        }
      })
    },
  }
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

/** Removes all logs but the last ones. */
function prune(folder: string, keep: number): void {
  for (const name of logsIn(folder).slice(0, -keep)) rmSync(join(folder, name), { force: true })
}

/** The names of the logs in a folder, oldest first: names of runs begin with their time. */
export function logsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /^\d{8}T\d{6}Z-[0-9a-f]+\.jsonl$/.test(name))
    .sort()
}
