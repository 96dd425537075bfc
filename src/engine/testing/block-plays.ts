/** Plays with blocks for tests, and the order in which their tasks end. */
import { type Counts, noCounts } from '../../events/events.ts'
import type { LocalRun } from './local-run.ts'

/** `TASK OUTCOME` of every finished task, in order; with several hosts, `HOST TASK OUTCOME`. */
export function steps({ events }: LocalRun): readonly string[] {
  const finished = events.flatMap((event) => (event.type === 'task.finished' ? [event] : []))
  const several = new Set(finished.map(({ host }) => host)).size > 1
  return finished.map(({ host, task, outcome, ignored, rescued }) =>
    [
      ...(several ? [host] : []),
      task.name,
      outcome,
      ...(ignored === true ? ['(ignored)'] : []),
      ...(rescued === true ? ['(rescued)'] : []),
    ].join(' '),
  )
}

/** The counts of one host. */
export const counts = (more: Partial<Counts>): Counts => ({ ...noCounts, ...more })
/** A task that prints a message. */
export const say = (name: string, msg = 'said'): string => `{ name: ${name}, debug: { msg: '${msg}' } }`
/** A task that fails. */
export const fail = (name: string, more = ''): string => `{ name: ${name}, fail: { msg: broken }${more} }`

/** A play over all hosts; `more` has its other keywords. */
export const blockPlay = (tasks: string, more = ''): string =>
  `- hosts: all\n  name: Play\n${more}  tasks:\n${tasks.trimStart().replaceAll(/^(?=.)/gm, '    ')}`
