/**
 * A terminal whose last lines are redrawn five times a second, with permanent text above them. listr2 gives the
 * beat, the cursor and the end; the lines are drawn here. listr2 has a line for each of its tasks, whether the
 * terminal has room for it or not, and needs seconds of processor time for a few hundred of them
 * (https://github.com/listr2/listr2/issues/720); log-update takes 14 ms to wrap 50 lines that already fit.
 */
import { stripVTControlCharacters } from 'node:util'
import {
  DefaultRenderer,
  figures,
  isUnicodeSupported,
  Listr,
  ListrLogger,
  ProcessOutput,
  Spinner,
} from 'listr2'
import type { Glyphs } from './task-line.ts'
import { widthOf } from './text.ts'

export interface Terminal {
  readonly write: (text: string) => void
  readonly size: () => TerminalSize
}

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export interface Screen {
  /** Prints whole lines above the redrawn ones with the next redraw; during a question, after its answer. */
  print(text: string): void
  /** Removes the redrawn lines while the terminal shows a question. */
  asking(now: boolean): void
  /** Begins to draw. */
  start(): void
  /** Draws the last text, and removes the redrawn lines. */
  close(): Promise<void>
}

/** Returns the lines to draw, none wider than the terminal and fewer than its rows. */
export type Draw = (size: TerminalSize, spinner: string) => readonly string[]

const eraseLine = '\u001b[2K'
const eraseBelow = '\u001b[J'
const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'

const unicode = isUnicodeSupported()
export const glyphs: Glyphs = {
  done: figures.tick,
  failed: figures.cross,
  skipped: figures.arrowDown,
  full: unicode ? '█' : '#',
  empty: unicode ? '░' : '-',
}

/** Milliseconds between two redraws. */
const pause = 200

class Beat extends Spinner {
  override start(draw?: () => void): void {
    super.start(draw, pause)
  }
}

export function createScreen(terminal: Terminal, draw: Draw): Screen {
  let drawn: { readonly refresh: () => void } | undefined
  let asked = false
  let waiting = ''
  let end = (): void => undefined
  let ended: Promise<unknown> = Promise.resolve()
  const spinner = new Beat()
  const size = (): TerminalSize => {
    const { columns, rows } = terminal.size()
    return { columns: columns || 80, rows: rows || 24 }
  }

  /**
   * The output of listr2. It does not capture the streams of the process: all other text goes through
   * `print`.
   */
  class Output extends ProcessOutput {
    override get stdout(): NodeJS.WriteStream {
      return Object.defineProperties(Object.assign(super.stdout, { write: writeTo(terminal) }), {
        columns: { get: () => size().columns },
        rows: { get: () => size().rows },
      })
    }
    override hijack(): void {
      terminal.write(hideCursor)
    }
    override release(): void {
      terminal.write(showCursor)
    }
    override toStdout(text: string, eol = true): boolean {
      terminal.write(eol ? `${text}\n` : text)
      return true
    }
  }

  class Live extends DefaultRenderer {
    static override nonTTY = true
    #lines: readonly string[] = []
    #columns = size().columns

    override async render(): Promise<void> {
      await super.render()
      drawn = { refresh: () => this.update() }
    }

    override update(): void {
      // While a question is shown, the cursor stands behind it.
      if (asked && this.#lines.length === 0) return
      const text = waiting
      waiting = ''
      this.#show(text, asked ? [] : draw(size(), spinner.fetch()))
    }

    override end(): void {
      this.update()
      drawn = undefined
      super.end()
    }

    /** Prints the text in place of the lines, and the new lines below it; only those that have changed. */
    #show(text: string, lines: readonly string[]): void {
      const before = this.#lines
      const rows = this.#rows()
      // What the user types, such as ^C, has moved the cursor.
      const up = `\r${rows === 0 ? '' : `\u001b[${rows}A`}`
      this.#lines = lines
      if (text !== '' || rows !== before.length) {
        terminal.write(`${up}${eraseBelow}${text}${lines.map((line) => `${line}\n`).join('')}`)
        return
      }
      if (lines.length === before.length && lines.every((line, index) => line === before[index])) return
      const drawnLines = lines.map((line, index) => (line === before[index] ? '\n' : `${eraseLine}${line}\n`))
      const rest = lines.length < before.length ? eraseBelow : ''
      terminal.write(`${up}${drawnLines.join('')}${rest}`)
    }

    /** The rows that the lines take. A terminal that has become narrower wraps what it shows. */
    #rows(): number {
      const { columns } = size()
      const narrower = columns < this.#columns
      this.#columns = columns
      if (!narrower) return this.#lines.length
      const widths = this.#lines.map((line) => widthOf(stripVTControlCharacters(line)))
      return widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0)
    }
  }

  return {
    print(text) {
      if (drawn || asked || waiting !== '') waiting += text
      else if (text !== '') terminal.write(text)
    },
    asking(now) {
      asked = now
      drawn?.refresh()
    },
    start() {
      const over = new Promise<void>((resolve) => {
        end = resolve
      })
      ended = new Listr([{ task: () => over }], {
        renderer: Live,
        registerSignalListeners: false,
        rendererOptions: {
          spinner,
          clearOutput: true,
          logger: new ListrLogger({ useIcons: true, toStderr: [], processOutput: new Output() }),
        },
      }).run()
    },
    async close() {
      asked = false
      end()
      await ended
      if (waiting !== '') terminal.write(waiting)
      waiting = ''
    },
  }
}

function writeTo(terminal: Terminal): (text: string | Uint8Array) => boolean {
  return (text) => {
    terminal.write(typeof text === 'string' ? text : Buffer.from(text).toString())
    return true
  }
}
