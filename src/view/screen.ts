/**
 * A terminal whose last lines listr2 redraws ten times a second, with permanent text above them. listr2 gives
 * the beat, the cursor and log-update; the lines are drawn here, because listr2 has a line for each of its
 * tasks, whether the terminal has room for it or not, and needs seconds of processor time for a few hundred of
 * them (https://github.com/listr2/listr2/issues/720).
 */
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
import { stripVTControlCharacters } from 'node:util'

export interface Terminal {
  readonly write: (text: string) => void
  readonly size: () => TerminalSize
}

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export interface Screen {
  /** Prints whole lines above the redrawn ones with the next frame; during a question, after its answer. */
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

const cursorUp = '\u001b[1A'
const eraseLine = '\u001b[2K'
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

export function createScreen(terminal: Terminal, draw: Draw): Screen {
  let drawn: { readonly refresh: () => void } | undefined
  let asked = false
  let waiting = ''
  let end = (): void => undefined
  let ended: Promise<unknown> = Promise.resolve()
  const spinner = new Spinner()
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

    override create(): string {
      return this.#lines.join('\n')
    }

    override update(): void {
      this.#clearWrapped()
      // While a question is shown, the cursor stands behind it.
      const hidden = asked && this.#lines.length === 0
      if (hidden) return
      if (waiting !== '') {
        const text = waiting
        waiting = ''
        this.#show([])
        // log-update draws no lines as one empty line, with the cursor below it.
        terminal.write(`${cursorUp}${text}\n`)
      }
      this.#show(asked ? [] : draw(size(), spinner.fetch()))
    }

    override end(): void {
      this.update()
      drawn = undefined
      super.end()
    }

    #show(lines: readonly string[]): void {
      this.#lines = lines
      super.update()
    }

    /**
     * A terminal that becomes narrower wraps the lines that it shows, so they take more rows than log-update
     * erases.
     */
    #clearWrapped(): void {
      const { columns } = size()
      const before = this.#columns
      this.#columns = columns
      if (columns >= before || asked) return
      const rows = this.#lines.map((line) => Math.ceil(widthOf(stripVTControlCharacters(line)) / columns))
      const more = rows.reduce((sum, count) => sum + Math.max(0, count - 1), 0)
      terminal.write(`${cursorUp}${eraseLine}`.repeat(more))
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
