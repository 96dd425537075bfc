/** A line of the view on a terminal: a task of the playbook, with the hosts that work on it. */
import type { DefaultRenderer, ListrTaskWrapper, SimpleRenderer } from 'listr2'
import type { Outcome, TaskRef } from '../events/events.ts'
import type { Handled } from './handled.ts'
import { duration } from './duration.ts'

/** What listr2 gives a running line. */
export type Wrapper = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>

export interface TaskLine {
  readonly ref: TaskRef
  readonly counts: Map<Shown, number>
  /** The hosts that work on it, in order of their start, each with its last progress. */
  readonly running: Map<string, string>
  /** When the first host reached it, in milliseconds. */
  since: number
  finished: number
  wrapper: Wrapper | undefined
  /** A host has reached this task. */
  begun: boolean
  over: boolean
  readonly ended: Promise<void>
  readonly end: () => void
}

/** What a line counts: outcomes, and failures that the playbook handles. */
export type Shown = Outcome | Handled

export function newLine(ref: TaskRef): TaskLine {
  let resolveEnd = (): void => undefined
  const ended = new Promise<void>((resolve) => {
    resolveEnd = resolve
  })
  const line: TaskLine = {
    ref,
    counts: new Map(),
    running: new Map(),
    since: 0,
    finished: 0,
    wrapper: undefined,
    begun: false,
    over: false,
    ended,
    end() {
      line.over = true
      resolveEnd()
    },
  }
  return line
}

/** Hosts that a line names, and milliseconds after which it shows its time. */
const mostNames = 3
const longTime = 5000

/** `38/40  gpu07: downloading, gpu12  45 s`: how many hosts have finished, and for which the line waits. */
export function progressText({ finished, running }: TaskLine, hosts: number, milliseconds: number): string {
  const waiting = [...running].map(([host, message]) => (message === '' ? host : `${host}: ${message}`))
  const few = waiting.length <= mostNames ? waiting : waiting.slice(-1)
  const more = waiting.length - few.length
  const words = `${few.join(', ')}${more === 0 ? '' : ` and ${more} more`}`
  const time = milliseconds < longTime ? '' : `  ${duration(milliseconds)}`
  return `${hosts === 1 ? words : `${finished}/${hosts}  ${words}`}${time}`
}
