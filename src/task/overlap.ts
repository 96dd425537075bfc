/** Whether later actions change what was read. */
import type { Action } from '../host/action.ts'
import { createOverlay, type Place } from '../host/overlay.ts'
import type { Reading } from './unit.ts'

/** Whether one of these actions of a task of `place` may change something that the reading saw. */
export function overlapping(actions: readonly Action[], { touched }: Reading, place: Place): boolean {
  const overlay = createOverlay()
  for (const action of actions) overlay.apply(place, action)
  return [...touched.keys()].some((key) => {
    const space = key.indexOf(' ')
    const machine = key.slice(0, space)
    const where =
      machine === place.name ? place : { ...place, name: place.nodeName ?? place.name, ctid: undefined }
    return overlay.touches(where, key.slice(space + 1)) !== undefined
  })
}
