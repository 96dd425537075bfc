/** Prints a line per task and host as it finishes. For pipes, files and CI, and for `-v` on a terminal. */
import { stripVTControlCharacters } from 'node:util'
import type { Event, Outcome, RunningTask, TaskDetail } from '../events/events.ts'
import { diffText } from './diff-text.ts'
import { recapText } from './recap-text.ts'
import { type Handled, handledBy } from './handled.ts'
import { duration, findingsText, indent, plainText, problemText } from './text.ts'
import type { View, ViewOptions } from './view.ts'

/** Reasons to leave a host out that is, as far as the run knows, in reach. */
const failures: ReadonlySet<string> = new Set(['node-failed', 'drifted'])

const deep = '            '

export function createPlainView(options: ViewOptions): View {
  const { write, colors, verbosity, diff } = options
  let check = false
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

  const detail = (outcome: Outcome, told: TaskDetail): void => {
    if (told.message !== undefined) line(indent(plainText(told.message), deep))
    const showActions = outcome === 'changed' && (check || verbosity > 0)
    if (showActions) for (const action of told.actions ?? []) line(deep + colors.dim(plainText(action)))
    if (told.why !== undefined && (outcome === 'unknown' || verbosity > 0))
      line(deep + colors.dim(plainText(told.why)))
    if (diff) {
      for (const change of told.diffs ?? []) {
        const text = diffText(change, colors)
        if (text !== '') line(indent(text, deep))
      }
    }
    if (told.problem !== undefined) line(indent(problemText(told.problem, colors), '  '))
    if (hasFindings(told)) line(indent(findingsText(told.findings ?? []), '  '))
  }

  const taskLine = (outcome: Outcome, words: readonly string[], handled?: Handled): void => {
    const word = outcomeWord(outcome, handled)
    const { length } = stripVTControlCharacters(word)
    line(`${word}${' '.repeat(Math.max(1, 10 - length))}${words.join('  ')}`)
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
        line('')
        line(colors.bold(`PLAY ${plainText(event.play)}`) + colors.dim(`  ${event.hosts.join(' ')}`))
        return
      case 'batch.started':
        line(colors.bold(`BATCH ${event.batch} of ${event.of}`) + colors.dim(`  ${event.hosts.join(' ')}`))
        return
      case 'task.finished': {
        const quiet = event.outcome === 'skipped' && verbosity === 0
        if (quiet || itemsSaidIt(event)) return
        const handled = handledBy(event)
        if (event.outcome === 'failed' && handled === undefined && isReport(event)) {
          line(`${colors.red('FAILED')} ${plainText(event.detail.problem?.message ?? '')}`)
          line(findingsText(event.detail.findings ?? []))
          return
        }
        const took = event.milliseconds >= 2000 ? colors.dim(duration(event.milliseconds)) : ''
        const words = [
          hostsOf(event),
          `${event.task.handler ? 'handler ' : ''}${plainText(event.task.name)}`,
          ...(took === '' ? [] : [took]),
        ]
        taskLine(event.outcome, words, handled)
        detail(event.outcome, event.detail)
        return
      }
      case 'item.finished':
        if (event.outcome === 'ok' || event.outcome === 'skipped') {
          if (verbosity === 0 && event.detail.message === undefined) return
        }
        taskLine(event.outcome, [hostsOf(event), `${plainText(event.task.name)} (${plainText(event.item)})`])
        detail(event.outcome, event.detail)
        return
      case 'host.unreachable':
        taskLine(failures.has(event.problem.code) ? 'failed' : 'unreachable', [event.host])
        line(indent(problemText(event.problem, colors), '  '))
        return
      case 'host.rescued':
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
        line('')
        line(recapText(event, colors, options.width?.()))
        return
      case 'host.connecting':
      case 'host.connected':
        if (verbosity > 1)
          line(colors.dim(`${event.type === 'host.connected' ? 'connected' : 'connecting'} ${event.host}`))
        return
      case 'play.finished':
      case 'prompt.started':
      case 'prompt.finished':
      case 'task.started':
      case 'handler.notified':
        return
    }
  }
  return { take, close: () => Promise.resolve() }
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

/** The host of a task, and the one on which it acts, if that is another. */
function hostsOf({ host, detail }: { readonly host: string; readonly detail: TaskDetail }): string {
  return detail.delegate === undefined ? host : `${host} -> ${detail.delegate}`
}

function hasFindings({ findings }: TaskDetail): boolean {
  return findings !== undefined && findings.length > 0
}

/** Items are printed as they finish; the task's line is only for loops in which none was printed. */
function itemsSaidIt({ detail }: Extract<Event, { readonly type: 'task.finished' }>): boolean {
  const outcomes = Object.values(detail.items ?? {})
  return outcomes.some((outcome) => outcome !== 'ok' && outcome !== 'skipped')
}
