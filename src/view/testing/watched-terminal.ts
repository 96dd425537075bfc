/** The view on a terminal in memory, whose time stands still. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { EventBody } from '../../events/events.ts'
import { createColors } from '../colors.ts'
import { createTerminalView } from '../terminal.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { numbered } from './sample-events.ts'

export interface WatchedTerminal {
  take(...events: readonly EventBody[]): void
  /** Waits until the screen matches, and returns it. */
  shows(what: RegExp): Promise<string>
  close(): Promise<string>
  resize(columns: number): void
  /** Shows what the user types, as a terminal does. */
  types(text: string): void
  /** How often the view has written to the terminal. */
  writes(): number
}

export function watchedTerminal(rows = 30): WatchedTerminal {
  const terminal = fakeTerminal(100, rows)
  let writes = 0
  const view = createTerminalView({
    ...terminal,
    write(text) {
      writes += 1
      terminal.write(text)
    },
    clock: () => 0,
    colors: createColors({ wanted: 'never', environment: {}, isTerminal: true }),
    verbosity: 0,
    diff: false,
  })
  // The spinner moves.
  const text = (): string =>
    terminal
      .lines()
      .join('\n')
      .replaceAll(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, '*')
  return {
    take: (...events) => numbered(events).forEach((event) => view.take(event)),
    async shows(what) {
      for (let tries = 0; tries < 100 && !what.test(text()); tries += 1) await delay(20)
      assert.match(text(), what)
      return text()
    },
    async close() {
      await view.close()
      return text()
    },
    types: (text) => terminal.write(text),
    writes: () => writes,
    resize: (columns) => terminal.resize(columns),
  }
}
