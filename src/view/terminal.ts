/**
 * The view on a terminal: one line per task of the playbook, with counts of hosts, drawn by listr2.
 *
 * listr2 expects to run the tasks itself, but the engine runs them. So each line is a promise that events
 * resolve. There is never a line per host: listr2 needs seconds of processor time to render a few hundred
 * lines (https://github.com/listr2/listr2/issues/720). Failures, diffs, messages and interruptions are
 * printed above the lines as they happen; the recap follows at the end.
 */
import { Listr } from 'listr2'
import type { Event } from '../events/events.ts'
import { handledBy } from './handled.ts'
import { fewHosts } from './host-names.ts'
import { createPlainView } from './plain.ts'
import { createScreen, type TerminalSize } from './screen.ts'
import { newLine, progressText, type Shown, type TaskLine, type Wrapper } from './task-line.ts'
import { plainText } from './text.ts'
import type { View, ViewOptions } from './view.ts'

interface ShownPlay {
  readonly lines: Map<string, TaskLine>
  readonly hosts: number
}

/** Columns for the hosts of a play. */
const playNames = 60

/** Minimum time between two redraws, in milliseconds. */
const frame = 100

export interface TerminalOptions extends ViewOptions {
  readonly size: () => TerminalSize
}

export function createTerminalView(options: TerminalOptions): View {
  const { colors } = options
  const screen = createScreen(options)
  let words = ''
  const plain = createPlainView({
    ...options,
    write: (text) => {
      words += text
    },
  })
  const say = (event: Event): void => {
    plain.take(event)
    screen.print(words)
    words = ''
  }
  const plays = new Map<string, ShownPlay>()
  const outputs = new Set<TaskLine>()
  let check = false
  let queue: Promise<unknown> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let ticker: NodeJS.Timeout | undefined
  const clock = (): number => performance.now()

  const flush = (): void => {
    timer = undefined
    // The list of a finished line may no longer be drawn.
    for (const line of outputs) {
      // listr2 starts a line with a delay.
      if (!line.wrapper && !line.over) continue
      outputs.delete(line)
      if (!line.wrapper || line.over) continue
      line.wrapper.title = plainText(line.ref.name)
      line.wrapper.output = progressText(line, hostsOf(line), clock() - line.since)
    }
  }
  /** Draws the times of all lines again. */
  const tick = (): void => {
    for (const { lines } of plays.values())
      for (const line of lines.values()) if (line.running.size > 0 && !line.over) outputs.add(line)
    flush()
  }
  const hostsOf = (line: TaskLine): number => findLine(line.ref.id)?.play.hosts ?? 0
  const show = (line: TaskLine): void => {
    if (!line.begun) line.since = clock()
    line.begun = true
    outputs.add(line)
    timer ??= setTimeout(flush, frame)
    ticker ??= setInterval(tick, 1000).unref()
  }

  const countsText = (line: TaskLine): string =>
    [...line.counts]
      .filter(([, count]) => count > 0)
      .map(([outcome, count]) => colorOf(outcome)(`${count} ${wordOf(outcome, check)}`))
      .join(', ')
  const colorOf = (outcome: Shown): ((text: string) => string) => {
    if (outcome === 'failed' || outcome === 'unreachable') return colors.red
    if (outcome === 'changed' || outcome === 'ignored' || outcome === 'rescued') return colors.yellow
    return outcome === 'unknown' ? colors.magenta : colors.dim
  }

  const startPlay = (event: Extract<Event, { readonly type: 'play.started' }>): void => {
    const lines = new Map(event.tasks.map((ref) => [ref.id, newLine(ref)]))
    const list = new Listr(
      [...lines.values()].map((line) => ({
        // Dim until a host reaches it: listr2 has no state for a waiting line among running ones.
        title: colors.dim(plainText(line.ref.name)),
        task: async (_context: unknown, wrapper: Wrapper) => {
          line.wrapper = wrapper
          if (line.begun) timer ??= setTimeout(flush, frame)
          await line.ended
          if (line.finished === 0)
            wrapper.skip(`${plainText(line.ref.name)} ${colors.dim(line.begun ? 'not finished' : 'not run')}`)
          else wrapper.title = `${plainText(line.ref.name)}  ${countsText(line)}`
          const bad = (line.counts.get('failed') ?? 0) + (line.counts.get('unreachable') ?? 0)
          if (bad > 0) throw new Error(`${bad} of ${event.hosts.length} hosts`)
        },
      })),
      {
        concurrent: true,
        exitOnError: false,
        registerSignalListeners: false,
        renderer: screen.renderer,
        rendererOptions: {
          logger: screen.logger,
          collapseErrors: true,
          showErrorMessage: false,
          collapseSkips: true,
        },
      },
    )
    queue = queue.then(() => {
      screen.print(
        `\n${colors.bold(`PLAY ${plainText(event.play)}`)}${colors.dim(`  ${fewHosts(event.hosts, playNames)}`)}\n`,
      )
      return list.run()
    })
    plays.set(event.play, { lines, hosts: event.hosts.length })
  }

  const endLines = (): void => {
    for (const play of plays.values()) for (const line of play.lines.values()) line.end()
  }

  const findLine = (id: string): { readonly play: ShownPlay; readonly line: TaskLine } | undefined => {
    for (const play of plays.values()) {
      const line = play.lines.get(id)
      if (line) return { play, line }
    }
    return undefined
  }

  const take = (event: Event): void => {
    switch (event.type) {
      case 'run.started':
        check = event.check
        say(event)
        return
      case 'play.started':
        startPlay(event)
        return
      case 'play.finished': {
        const play = plays.get(event.play)
        plays.delete(event.play)
        if (!play) return
        for (const line of play.lines.values()) line.end()
        return
      }
      case 'task.started': {
        const found = findLine(event.task.id)
        if (!found) return
        found.line.running.set(event.host, '')
        show(found.line)
        return
      }
      case 'task.progress': {
        const found = findLine(event.task.id)
        if (!found) return
        found.line.running.set(event.host, plainText(event.message))
        show(found.line)
        return
      }
      case 'task.finished': {
        const found = findLine(event.task.id)
        if (!found) return
        const { line, play } = found
        line.finished += 1
        line.running.delete(event.host)
        if (line.running.size > 0) show(line)
        const shown = handledBy(event) ?? event.outcome
        line.counts.set(shown, (line.counts.get(shown) ?? 0) + 1)
        if (worthWords(event, options)) say(event)
        if (!event.task.handler && line.finished >= play.hosts) line.end()
        return
      }
      case 'item.finished':
        if (event.outcome === 'failed' || event.detail.message !== undefined) say(event)
        return
      case 'run.finished':
        endLines()
        queue = queue.then(() => say(event))
        return
      case 'batch.started':
      case 'run.stopping':
      case 'run.quit':
      case 'host.interrupted':
      case 'host.unreachable':
      case 'host.rescued':
      case 'warning':
      case 'handler.pending':
      case 'handler.unknown':
        say(event)
        return
      case 'prompt.started':
        screen.asking(true)
        return
      case 'prompt.finished':
        screen.asking(false)
        return
      case 'problem':
      case 'program.log':
      case 'action.finished':
      case 'handler.notified':
      case 'host.connecting':
      case 'host.connected':
      case 'host.waiting':
        return
    }
  }

  return {
    take,
    async close() {
      clearTimeout(timer)
      clearInterval(ticker)
      endLines()
      await queue
    },
  }
}

function worthWords(
  event: Extract<Event, { readonly type: 'task.finished' }>,
  options: ViewOptions,
): boolean {
  if (event.outcome === 'failed' || event.outcome === 'unreachable') return true
  if (event.detail.message !== undefined) return true
  if (options.verbosity > 0 && event.outcome !== 'skipped') return true
  return options.diff && (event.detail.diffs?.length ?? 0) > 0
}

function wordOf(outcome: Shown, check: boolean): string {
  if (outcome === 'rescued') return 'in rescue'
  if (outcome === 'changed') return check ? 'would change' : 'changed'
  return outcome === 'unknown' ? 'may run' : outcome
}
