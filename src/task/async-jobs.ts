/** Tasks with `async`: their programs run as jobs on the host, which survive the connection. */
import { Unknown } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import { sha256Of } from '../host/content.ts'
import type { Plan } from '../host/plan.ts'
import type { Task } from '../language/model.ts'
import type { Module } from '../modules/module.ts'

type Fields = Readonly<Record<string, unknown>>

/** The job of one item of a task. */
export interface TaskJob {
  /** The same in every run: a later run attaches to a program that is still running. */
  readonly name: string
  /** Different for each attempt of each run: this attempt does not start its program twice. */
  readonly start: string
}

/**
 * @param host The task's own host, even if another one runs the program
 * @param item The index of the item
 */
export function jobOf(
  { async, key }: Pick<Task, 'async' | 'key'>,
  module: Module,
  { host, item, start }: { readonly host: string; readonly item: number; readonly start: () => string },
): TaskJob | undefined {
  if (async === undefined || module.runs === undefined) return undefined
  return { name: `async-${sha256Of(JSON.stringify([host, key, item])).slice(0, 16)}`, start: start() }
}

/** A program that continues without the run leaves no trace to verify. */
export function planOfJob(plan: Plan, job: TaskJob | undefined, { async }: Pick<Task, 'async'>): Plan {
  return job === undefined || async?.waits !== false ? plan : { ...plan, once: true }
}

/** The program of a task as a job. */
export function asJob(action: Action, job: TaskJob | undefined, { async }: Pick<Task, 'async'>): Action {
  if (job === undefined || async === undefined || action.kind !== 'run') return action
  const { argv, directory, environment } = action
  const fingerprint = JSON.stringify([argv, directory, Object.keys(environment ?? {})])
  return { ...action, timeout: async.seconds, detached: { ...job, fingerprint, waits: async.waits } }
}

/** Adds the fields of a job to the result of a task. @param ended Unknown in a dry run, with the reason */
export function withJob(
  { async }: Pick<Task, 'async'>,
  module: Module,
  { result, ended }: { readonly result: Fields; readonly ended: boolean | Unknown },
): Fields {
  if (async === undefined || module.runs === undefined || result['unreachable'] === true) return result
  if (ended instanceof Unknown) return { ...result, ansible_job_id: ended, started: ended, finished: ended }
  if (async.waits || !ended) return { ...result, started: ended, finished: ended }
  const { stdout, rc: _rc, stderr: _stderr, stdout_lines: _lines, stderr_lines: _errors, ...rest } = result
  return { ...rest, ansible_job_id: stdout, started: true, finished: false }
}
