/** Returns the output of the plain view for some events. */
import type { EventBody } from '../../events/events.ts'
import { createColors } from '../colors.ts'
import { createPlainView } from '../plain.ts'
import type { View } from '../view.ts'
import { numbered } from './sample-events.ts'

const colors = createColors({ wanted: 'never', environment: {}, isTerminal: false })

interface Shown {
  readonly verbosity?: number
  readonly diff?: boolean
}

export function shown(events: readonly EventBody[], options: Shown = {}): string {
  const { view, text } = watched(options)
  for (const event of numbered(events)) view.take(event)
  return text()
}

/** The plain view, and its output so far. */
export function watched(options: Shown = {}): { readonly view: View; readonly text: () => string } {
  let text = ''
  const view = createPlainView({
    write: (part) => {
      text += part
    },
    colors,
    verbosity: 0,
    diff: false,
    ...options,
  })
  return { view, text: () => text }
}
