/**
 * Prints a line per task and host as it finishes: for pipes, files and CI. The brief form, for a terminal that
 * shows the tasks in another way, leaves out what has ended well and has nothing to say.
 */
import { stripVTControlCharacters } from 'node:util'
import type { Event, Outcome, TaskDetail } from '../events/events.ts'
import { diffText } from './diff-text.ts'
import { duration } from './duration.ts'
import { FleetLines } from './fleet-lines.ts'
import { fewHosts, hostsText, largestList } from './host-names.ts'
import { recapText } from './recap-text.ts'
import { type Handled, handledBy } from './handled.ts'
import { RunStory } from './run-story.ts'
import { namesOf, progressText, stoppingText, worthWords } from './plain-texts.ts'
import { findingsText, indent, plainText, problemText } from './text.ts'
import type { View, ViewOptions } from './view.ts'

type Ended = Extract<Event, { readonly type: 'task.finished' | 'item.finished' }>

/** Reasons to leave a host out that is, as far as the run knows, in reach. */
const failures: ReadonlySet<string> = new Set(['node-failed', 'drifted'])

const deep = '            '

export interface BriefView extends View {
  /** The play of the heading that was printed last. */
  heading(): string | undefined
  /** Prints the heading of a play again, unless it was the last one. */
  enter(play: string): void
}

export function createPlainView(options: ViewOptions): View {
  return createWords(options, false)
}

export function createBriefView(options: ViewOptions): BriefView {
  return createWords(options, true)
}

/** Columns for the hosts of a play in the brief form. */
const playNames = 60

function createWords(options: ViewOptions, brief: boolean): BriefView {
  const { write, colors, verbosity, diff } = options
  const quiet = verbosity < 0
  let check = false
  const fleet = new FleetLines(brief ? (hosts) => fewHosts(hosts, playNames) : hostsText)
  /** The tasks of each play with many hosts: their equal lines are printed once. */
  const fleetTasks = new Map<string, readonly string[]>()
  let inFleet: ReadonlySet<string> = new Set()
  const line = (text: string): void => write(`${text}\n`)
  const story = new RunStory()
  const headings = new Map<string, string>()
  const playOf = new Map<string, string>()
  let heading: string | undefined
  /** Number of plays in progress. In the brief form, one that overlaps another has no heading before its lines. */
  let open = 0
  const enter = (play: string): void => {
    if (play === heading) return
    heading = play
    line('')
    line(headings.get(play) ?? '')
  }

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
      if (brief) enter(playOf.get(task.id) ?? heading ?? '')
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
    story.take(event)
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
        for (const { id } of event.tasks) playOf.set(id, event.play)
        headings.set(
          event.play,
          colors.bold(`PLAY ${plainText(event.play)}`) +
            colors.dim(`  ${brief ? fewHosts(event.hosts, playNames) : namesOf(event.hosts)}`),
        )
        open += 1
        if (brief && open > 1) return
        heading = undefined
        enter(event.play)
        return
      case 'batch.started':
        if (quiet) return
        line(colors.bold(`BATCH ${event.batch} of ${event.of}`) + colors.dim(`  ${namesOf(event.hosts)}`))
        return
      case 'task.finished': {
        const unimportant = event.outcome === 'skipped' && verbosity <= 0
        if (unimportant || itemsSaidIt(event) || (brief && !worthWords(event, options))) {
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
        if (brief && !worthWords(event, options)) return
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
        if (verbosity > 0) line(colors.dim(`          ${event.host}  ${progressText(event)}`))
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
        line(recapText(event, colors, { width: options.width?.(), story }))
        return
      case 'host.connecting':
      case 'host.connected':
        if (verbosity > 1)
          line(colors.dim(`${event.type === 'host.connected' ? 'connected' : 'connecting'} ${event.host}`))
        return
      case 'play.finished':
        open -= 1
        fleet.printAll(fleetTasks.get(event.play) ?? [])
        return
      case 'hosts.joined':
      case 'prompt.started':
      case 'prompt.finished':
      case 'task.started':
      case 'handler.notified':
        return
    }
  }
  return { take, enter, heading: () => heading, close: () => Promise.resolve() }
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
