/** A terminal whose last lines listr2 redraws, with permanent text above them. */
import { DefaultRenderer, ListrLogger, ProcessOutput } from 'listr2'

export interface Terminal {
  readonly write: (text: string) => void
  readonly size: () => TerminalSize
}

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export interface Screen {
  /** Prints whole lines at once; during a question, after its answer. */
  print(text: string): void
  /** Removes the redrawn lines while the terminal shows a question. */
  asking(now: boolean): void
  /** The renderer that draws a listr2 list on this screen. */
  readonly renderer: typeof DefaultRenderer
  readonly logger: ListrLogger
}

const cursorUp = '\u001b[1A'
const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'

export function createScreen(terminal: Terminal): Screen {
  let drawn: { readonly above: (text: string) => void; readonly update: () => void } | undefined
  let asked = false
  let held = ''

  /**
   * The output of listr2. It does not capture the streams of the process: all other text goes through
   * `print`.
   */
  class Output extends ProcessOutput {
    override get stdout(): NodeJS.WriteStream {
      return Object.defineProperties(Object.assign(super.stdout, { write: writeTo(terminal) }), {
        columns: { get: () => terminal.size().columns },
        rows: { get: () => terminal.size().rows },
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
    #hidden = false

    override async render(): Promise<void> {
      await super.render()
      drawn = { above: (text) => this.#above(text), update: () => this.update() }
    }

    override create(options?: Parameters<DefaultRenderer['create']>[0]): string {
      return asked || this.#hidden ? '' : super.create(options)
    }

    /** listr2 draws an empty list as one empty line, with the cursor below it. */
    #above(text: string): void {
      this.#hidden = true
      this.update()
      terminal.write(`${cursorUp}${text}\n`)
      this.#hidden = false
      this.update()
    }

    override end(): void {
      drawn = undefined
      super.end()
    }
  }

  const print = (text: string): void => {
    if (text === '') return
    if (asked) held += text
    else if (drawn) drawn.above(text)
    else terminal.write(text)
  }
  return {
    print,
    asking(now) {
      asked = now
      if (now) {
        drawn?.update()
        return
      }
      const waiting = held
      held = ''
      print(waiting)
    },
    renderer: Live,
    logger: new ListrLogger({ useIcons: true, toStderr: [], processOutput: new Output() }),
  }
}

function writeTo(terminal: Terminal): (text: string | Uint8Array) => boolean {
  return (text) => {
    terminal.write(typeof text === 'string' ? text : Buffer.from(text).toString())
    return true
  }
}
