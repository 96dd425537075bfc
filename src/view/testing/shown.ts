/** Returns the output of the plain view for some events. */
import type { EventBody } from '../../events/events.ts'
import { createColors } from '../colors.ts'
import { createPlainView } from '../plain.ts'
import { numbered } from './sample-events.ts'

const colors = createColors({ wanted: 'never', environment: {}, isTerminal: false })

export function shown(
  events: readonly EventBody[],
  options: { readonly verbosity?: number; readonly diff?: boolean } = {},
): string {
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
  for (const event of numbered(events)) view.take(event)
  return text
}
