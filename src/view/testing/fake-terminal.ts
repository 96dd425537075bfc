/** A terminal in memory that interprets the output of log-update and listr2. */
import type { Terminal } from '../screen.ts'

export interface FakeTerminal extends Terminal {
  /** The visible lines, without empty lines at the end. */
  lines(): readonly string[]
  /** Changes the width. Lines that are wider take more rows, as in most terminals. */
  resize(columns: number): void
}

export function fakeTerminal(width = 100, rows = 30): FakeTerminal {
  let columns = width
  let screen: string[] = ['']
  let row = 0
  let column = 0
  const put = (character: string): void => {
    const line = screen[row] ?? ''
    screen[row] = line.slice(0, column).padEnd(column) + character + line.slice(column + 1)
    column += 1
  }
  const control = (command: string, count: number): void => {
    if (command === 'A') row = Math.max(0, row - count)
    else if (command === 'G') column = 0
    else if (command === 'K') screen[row] = ''
    else if (command === 'J') screen.splice(row, Infinity, (screen[row] ?? '').slice(0, column))
    else if (command !== 'm' && command !== 'h' && command !== 'l')
      throw new Error(`the fake terminal does not know ${command}`)
  }
  return {
    size: () => ({ columns, rows }),
    write(text) {
      // oxlint-disable-next-line no-control-regex -- a terminal takes control characters
      for (const [token, numbers, command] of text.matchAll(/\u001b\[\??(\d*)([A-Za-z])|[^]/gu)) {
        if (command !== undefined) control(command, Number(numbers === '' ? 1 : numbers))
        else if (token === '\n') {
          row += 1
          column = 0
          screen[row] ??= ''
        } else if (token === '\r') column = 0
        else put(token)
      }
    },
    resize(narrower) {
      const wrapped = (line: string): readonly string[] =>
        line === '' ? [''] : (line.match(new RegExp(`.{1,${narrower}}`, 'gu')) ?? [])
      row = screen.slice(0, row).flatMap(wrapped).length
      screen = screen.flatMap(wrapped)
      columns = narrower
    },
    lines: () =>
      screen
        .join('\n')
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd()),
  }
}
