/** Prints a line per task and host as it finishes. For pipes, files and CI, and for `-v` on a terminal. */
import { stripVTControlCharacters } from 'node:util'
import type { Event, Outcome, RunningTask, TaskDetail } from '../events/events.ts'
import { diffText } from './diff-text.ts'
import { duration } from './duration.ts'
import { FleetLines } from './fleet-lines.ts'
import { hostsText, largestList } from './host-names.ts'
import { recapText } from './recap-text.ts'
import { type Handled, handledBy } from './handled.ts'
import { findingsText, indent, plainText, problemText } from './text.ts'
import type { View, ViewOptions } from './view.ts'

type Ended = Extract<Event, { readonly type: 'task.finished' | 'item.finished' }>

/** Reasons to leave a host out that is, as far as the run knows, in reach. */
const failures: ReadonlySet<string> = new Set(['node-failed', 'drifted'])

const deep = '            '

export function createPlainView(options: ViewOptions): View {
  const { write, colors, verbosity, diff } = options
  const quiet = verbosity < 0
  let check = false
  const fleet = new FleetLines()
  /** The tasks of each play with many hosts: their equal lines are printed once. */
  const fleetTasks = new Map<string, readonly string[]>()
  let inFleet: ReadonlySet<string> = new Set()
  const line = (text: string): void => write(`${text}\n`)

  const outcomeWord = (outcome: Outcome, handled?: Handled): string => {
    if (handled !== undefined) return colors.yellow(handled === 'ignored' ? 'ignored' : 'rescue')
    switch (outcome) {
      case 'ok':
        return colors.green('ok')
      case 'changed':
        return colors.yellow(check ? 'would' : 'changed')
      case 'skipped':
        return colors.dim('skipped')
      case 'unknown':
        return colors.magenta('may run')
      case 'failed':
        return colors.red('FAILED')
      case 'unreachable':
        return colors.red('UNREACHABLE')
    }
  }

  const detail = (outcome: Outcome, told: TaskDetail): readonly string[] => {
    const lines: string[] = []
    if (told.message !== undefined) lines.push(indent(plainText(told.message), deep))
    const showActions = outcome === 'changed' && (check || verbosity > 0)
    if (showActions) lines.push(...(told.actions ?? []).map((action) => deep + colors.dim(plainText(action))))
    if (told.why !== undefined && (outcome === 'unknown' || verbosity > 0))
      lines.push(deep + colors.dim(plainText(told.why)))
    if (diff)
      lines.push(
        ...(told.diffs ?? [])
          .map((change) => diffText(change, colors))
          .filter((text) => text !== '')
          .map((text) => indent(text, deep)),
      )
    if (told.problem !== undefined) lines.push(indent(problemText(told.problem, colors), '  '))
    if (hasFindings(told)) lines.push(indent(findingsText(told.findings ?? []), '  '))
    return lines
  }

  const taskLine = (outcome: Outcome, words: readonly string[], handled?: Handled): void => {
    const word = outcomeWord(outcome, handled)
    const { length } = stripVTControlCharacters(word)
    line(`${word}${' '.repeat(Math.max(1, 10 - length))}${words.join('  ')}`)
  }

  /** Prints what a task or an item ended with, in a fleet together with the hosts on which it ended the same. */
  const ended = (event: Ended, name: string, milliseconds: number): void => {
    const { host, task, outcome, detail: told } = event
    const handled = event.type === 'task.finished' ? handledBy(event) : undefined
    const failed = (outcome === 'failed' || outcome === 'unreachable') && handled === undefined
    if (quiet && !failed) return
    const lines = detail(outcome, told)
    const elsewhere = told.delegate === undefined ? '' : ` -> ${told.delegate}`
    const print = (hosts: string, longest: number): void => {
      const took = longest >= 2000 ? [colors.dim(duration(longest))] : []
      taskLine(outcome, [`${hosts}${elsewhere}`, name, ...took], handled)
      lines.forEach(line)
    }
    if (failed || !inFleet.has(task.id)) return print(host, milliseconds)
    const same = JSON.stringify([outcome, handled, name, lines, elsewhere])
    fleet.add({ host, task: task.id, same, milliseconds, print })
  }

  const expectFleet = ({ play, tasks, hosts }: Extract<Event, { readonly type: 'play.started' }>): void => {
    const ids = tasks.map(({ id }) => id)
    fleetTasks.set(play, ids)
    inFleet = new Set([...inFleet, ...ids])
    fleet.expect(ids, hosts)
  }

  const take = (event: Event): void => {
    switch (event.type) {
      case 'run.started':
        check = event.check
        line(
          colors.bold(
            `${event.check ? 'Dry run of' : 'Running'} ${event.playbooks.join(', ')} on ${event.hosts.length} ${event.hosts.length === 1 ? 'host' : 'hosts'}`,
          ),
        )
        return
      case 'play.started':
        if (event.hosts.length > largestList && verbosity === 0) expectFleet(event)
        if (quiet) return
        line('')
        line(colors.bold(`PLAY ${plainText(event.play)}`) + colors.dim(`  ${namesOf(event.hosts)}`))
        return
      case 'batch.started':
        if (quiet) return
        line(colors.bold(`BATCH ${event.batch} of ${event.of}`) + colors.dim(`  ${namesOf(event.hosts)}`))
        return
      case 'task.finished': {
        const unimportant = event.outcome === 'skipped' && verbosity <= 0
        if (unimportant || itemsSaidIt(event)) {
          fleet.ended(event.task.id, event.host)
          return
        }
        const handled = handledBy(event)
        if (event.outcome === 'failed' && handled === undefined && isReport(event)) {
          line(`${colors.red('FAILED')} ${plainText(event.detail.problem?.message ?? '')}`)
          line(findingsText(event.detail.findings ?? []))
          fleet.lost(event.host)
          return
        }
        const name = `${event.task.handler ? 'handler ' : ''}${plainText(event.task.name)}`
        ended(event, name, event.milliseconds)
        fleet.ended(event.task.id, event.host)
        if (event.outcome === 'failed' && handled === undefined) fleet.lost(event.host)
        return
      }
      case 'item.finished':
        if (event.outcome === 'ok' || event.outcome === 'skipped') {
          if (verbosity <= 0 && event.detail.message === undefined) return
        }
        ended(event, `${plainText(event.task.name)} (${plainText(event.item)})`, 0)
        return
      case 'host.unreachable':
        fleet.lost(event.host)
        taskLine(failures.has(event.problem.code) ? 'failed' : 'unreachable', [event.host])
        line(indent(problemText(event.problem, colors), '  '))
        return
      case 'host.rescued':
        if (quiet) return
        line(
          `${colors.green('rescued')}   ${event.host}  ${event.tasks.map((task) => plainText(task.name)).join(', ')}`,
        )
        return
      case 'host.waiting':
        if (verbosity > 0) line(colors.dim(`waiting   ${event.host}  ${plainText(event.why)}`))
        return
      case 'task.progress':
        if (verbosity > 0) line(colors.dim(`          ${event.host}  ${plainText(event.message)}`))
        return
      case 'action.finished':
        if (verbosity > 1)
          line(
            colors.dim(
              `          ${event.on}  ${event.kind}: ${plainText(event.label)} (${duration(event.milliseconds)})`,
            ),
          )
        return
      case 'program.log':
        if (verbosity < 2) return
        line(colors.dim(`log       ${event.on}  ${plainText(event.path)}`))
        line(colors.dim(indent(plainText(event.text).trimEnd(), deep)))
        return
      case 'handler.pending':
        if (quiet) return
        line(
          colors.dim(
            `pending   ${event.host}  handler ${plainText(event.handler)} was notified by an earlier run`,
          ),
        )
        return
      case 'handler.unknown':
        line(
          colors.yellow(
            `warning   ${event.host}  handler ${plainText(event.handler)} was notified, but no play in this run defines it; it stays pending`,
          ),
        )
        return
      case 'warning':
        line(
          colors.yellow(
            `warning   ${event.host === undefined ? '' : `${event.host}  `}${plainText(event.message)}`,
          ),
        )
        return
      case 'run.stopping':
        fleet.printAll()
        line(colors.yellow(stoppingText(event.awaited, check)))
        return
      case 'host.interrupted':
        line(
          colors.yellow(
            `stopped   ${event.host}  ${plainText(event.task.name)}: interrupted while reading, which changes nothing`,
          ),
        )
        return
      case 'run.quit':
        for (const { host, task } of event.running)
          line(colors.yellow(`left      ${host}  ${plainText(task.name)} may still be running there`))
        if (event.running.length > 0 && !check) line(`${deep}the next run waits for it to finish`)
        return
      case 'problem':
        // The error stream shows these to people, with excerpts.
        return
      case 'run.finished':
        fleet.printAll()
        line('')
        line(recapText(event, colors, options.width?.()))
        return
      case 'host.connecting':
      case 'host.connected':
        if (verbosity > 1)
          line(colors.dim(`${event.type === 'host.connected' ? 'connected' : 'connecting'} ${event.host}`))
        return
      case 'play.finished':
        fleet.printAll(fleetTasks.get(event.play) ?? [])
        return
      case 'prompt.started':
      case 'prompt.finished':
      case 'task.started':
      case 'handler.notified':
        return
    }
  }
  return { take, close: () => Promise.resolve() }
}

/** All names of a few hosts, ranges of many. */
function namesOf(hosts: readonly string[]): string {
  return hosts.length > largestList ? `${hostsText(hosts)} (${hosts.length})` : hosts.join(' ')
}

function stoppingText(awaited: readonly RunningTask[], check: boolean): string {
  if (awaited.length === 0 || check) return 'Stopping. Press Ctrl-C again to quit now.'
  const shown = awaited.slice(0, 4).map(({ host, task }) => `${plainText(task.name)} on ${host}`)
  const more = awaited.length > shown.length ? `, and ${awaited.length - shown.length} more` : ''
  return `Stopping after the running tasks (${shown.join(', ')}${more}). Press Ctrl-C again to quit now; they keep running there.`
}

/** Findings under the name of their host, as from `verify`: the name of the task would add nothing. */
function isReport({ host, detail }: Extract<Event, { readonly type: 'task.finished' }>): boolean {
  const message = detail.problem?.message ?? ''
  return hasFindings(detail) && (message.startsWith(`${host} (`) || message.startsWith(`${host}: `))
}

function hasFindings({ findings }: TaskDetail): boolean {
  return findings !== undefined && findings.length > 0
}

/** Items are printed as they finish; the task's line is only for loops in which none was printed. */
function itemsSaidIt({ detail }: Extract<Event, { readonly type: 'task.finished' }>): boolean {
  const outcomes = Object.values(detail.items ?? {})
  return outcomes.some((outcome) => outcome !== 'ok' && outcome !== 'skipped')
}
