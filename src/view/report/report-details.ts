/** What the page shows about a task on a host: changes, output, logs. */
import { defined, mapped } from '../../base/defined.ts'
import type { Problem } from '../../base/errors.ts'
import type { Event, TaskDetail } from '../../events/events.ts'
import { createColors } from '../colors.ts'
import { diffText } from '../diff-text.ts'
import { problemText } from '../text.ts'
import type { CellDetail, ReportItem } from './report-data.ts'

type TaskFinished = Extract<Event, { readonly type: 'task.finished' }>

/**
 * Characters of a text at most, of which the end is kept, and of all details together: browsers open a file
 * of this size in about a second.
 */
const largestText = 16 * 1024
const largestReport = 32 * 1024 * 1024

export interface Details {
  /** Returns the index of the detail; undefined if there is nothing to show. */
  of(event: TaskFinished): number | undefined
  list(): readonly CellDetail[]
}

/** @param events The whole run: logs and items come before the end of their task. */
export function createDetails(events: readonly Event[], largest = largestReport): Details {
  const logs = collected(events, (event) => (event.type === 'program.log' ? event : undefined))
  const items = collected(events, (event) => (event.type === 'item.finished' ? event : undefined))
  const indexes = new Map<string, number>()
  const list: CellDetail[] = []
  let size = 0
  return {
    list: () => list,
    of(event) {
      const key = keyOf(event)
      const whole: CellDetail = {
        ...parts(event.detail),
        ...defined({
          items: some(items.take(key).map(itemOf)),
          logs: some(logs.take(key).map(({ on, path, text }) => ({ on, path, text: theEnd(text) }))),
        }),
      }
      const text = JSON.stringify(whole)
      if (text === '{}') return undefined
      const known = indexes.get(text)
      if (known !== undefined) return known
      const fits = size + text.length <= largest
      if (fits) size += text.length
      list.push(fits ? whole : leftOut(whole))
      indexes.set(text, list.length - 1)
      return list.length - 1
    },
  }
}

/** The failure stays: it is short, and nobody can do without it. */
function leftOut({ problem, why }: CellDetail): CellDetail {
  return { ...defined({ problem, why }), leftOut: true }
}

function keyOf({ host, task }: Pick<TaskFinished, 'host' | 'task'>): string {
  return JSON.stringify([host, task.id])
}

/** Members by host and task. A handler may run again, so those of one turn are taken at its end. */
function collected<T extends Pick<Event & TaskFinished, 'host' | 'task' | 'seq'>>(
  events: readonly Event[],
  choose: (event: Event) => T | undefined,
): { take(key: string): readonly T[] } {
  const members = new Map<string, T[][]>()
  const turnsOf = (key: string): T[][] => {
    const turns = members.get(key) ?? [[]]
    members.set(key, turns)
    return turns
  }
  for (const event of events) {
    const chosen = choose(event)
    if (chosen !== undefined) turnsOf(keyOf(chosen)).at(-1)?.push(chosen)
    else if (event.type === 'task.finished') turnsOf(keyOf(event)).push([])
  }
  return { take: (key) => members.get(key)?.shift() ?? [] }
}

function parts(detail: TaskDetail): CellDetail {
  const { actions = [], diffs = [], findings = [], program, problem, why, message } = detail
  return defined({
    why,
    message: mapped(message, theEnd),
    problem: mapped(problem, problemWords),
    actions: some(actions),
    diffs: some(diffs.map((diff) => theEnd(diffText(diff, noColors))).filter((text) => text !== '')),
    program: mapped(program, ({ rc, stdout, stderr }) => ({
      rc,
      stdout: theEnd(stdout),
      stderr: theEnd(stderr),
    })),
    findings: some(findings),
  })
}

function itemOf({ item, outcome, detail }: Extract<Event, { readonly type: 'item.finished' }>): ReportItem {
  return { item, outcome, ...parts(detail) }
}

const noColors = createColors({ wanted: 'never', environment: {}, isTerminal: false })

/** The message with its place, excerpt and hint. */
export function problemWords(problem: Problem): string {
  return problemText(problem, noColors)
}

function some<T>(members: readonly T[]): readonly T[] | undefined {
  return members.length === 0 ? undefined : members
}

function theEnd(text: string): string {
  return text.length <= largestText ? text : `\u2026${text.slice(-largestText)}`
}
