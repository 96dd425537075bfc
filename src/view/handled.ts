import type { Event } from '../events/events.ts'

/** How the playbook handles a failure: it ignores it, or the `rescue` of a block follows. */
export type Handled = 'ignored' | 'rescued'

/** Returns undefined for a failure that ends the play on its host, and for every other outcome. */
export function handledBy(event: Extract<Event, { readonly type: 'task.finished' }>): Handled | undefined {
  if (event.ignored === true) return 'ignored'
  return event.rescued === true ? 'rescued' : undefined
}
