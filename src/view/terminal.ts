/**
 * The view on a terminal: a line per task of the plays in progress, with counts of hosts and what the others
 * do, redrawn. There is never a line per host. Failures, diffs, messages, warnings and interruptions are
 * printed above the lines as they happen, the lines of a play when it has finished, and the recap at the end.
 */
import type { Event } from '../events/events.ts'
import { finishedLines, liveLines } from './live-lines.ts'
import { type LivePlay, LiveRun } from './live-run.ts'
import { createBriefView } from './plain.ts'
import { createScreen, glyphs, type TerminalSize } from './screen.ts'
import type { View, ViewOptions } from './view.ts'

export interface TerminalOptions extends ViewOptions {
  readonly size: () => TerminalSize
  /** Milliseconds; default: `performance.now`. */
  readonly clock?: () => number
}

/** Stands for the spinner in drawn lines; no text of an event contains it. */
const spinnerMark = '\u0000'

export function createTerminalView(options: TerminalOptions): View {
  const { colors, clock = () => performance.now() } = options
  const run = new LiveRun()
  /** The lines that were drawn last, and what they depend on. */
  let last = { of: '', lines: [] as readonly string[] }
  let events = 0
  const screen = createScreen(options, ({ columns, rows }, spinner) => {
    const now = clock()
    const of = [columns, rows, events, Math.floor((now - (run.started ?? now)) / 1000)].join(' ')
    const wanted = { columns, rows, now, spinner: spinnerMark, colors, glyphs, above: above() }
    if (of !== last.of) last = { of, lines: liveLines(run, wanted) }
    return last.lines.map((line) => line.replace(spinnerMark, spinner))
  })
  const words = createBriefView({ ...options, write: (text) => screen.print(text) })
  /** The play whose heading was printed last, unless another one has the same name. */
  const above = (): LivePlay | undefined => run.plays.find(({ name }) => name === words.heading())

  const finish = (play: LivePlay): void => {
    words.enter(play.name)
    const { columns } = options.size()
    const lines = finishedLines(play, { columns: columns || 80, colors, glyphs }, run.check)
    screen.print(lines.map((line) => `${line}\n`).join(''))
  }

  const take = (event: Event): void => {
    run.take(event, clock())
    events += 1
    switch (event.type) {
      case 'prompt.started':
      case 'prompt.finished':
        screen.asking(event.type === 'prompt.started')
        return
      case 'run.finished':
        while (run.plays[0] !== undefined) {
          const play = run.finish(run.plays[0].name)
          if (play) finish(play)
        }
        run.started = undefined
        words.take(event)
        return
      default:
        words.take(event)
    }
    if (event.type === 'run.started') screen.start()
    if (event.type !== 'play.finished') return
    const play = run.finish(event.play)
    if (play) finish(play)
  }

  return { take, close: () => screen.close() }
}
