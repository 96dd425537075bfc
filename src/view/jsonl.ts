import { jsonText } from './json-text.ts'
import type { View } from './view.ts'

/** One event a line, as JSON; the last is `run.finished`. */
export function createJsonlView(write: (text: string) => void): View {
  return {
    take(event) {
      write(`${jsonText(event)}\n`)
    },
    close: () => Promise.resolve(),
  }
}
