/** What an action has to find on the host, and whether later actions change what was read. */
import type { HostName } from '../base/brand.ts'
import type { Action } from '../host/action.ts'
import { allEffects } from '../host/effects.ts'
import { createOverlay, type Place } from '../host/overlay.ts'
import { remotePath } from '../host/paths.ts'
import { overlaps } from '../host/resource.ts'
import type { Expectation } from '../host/expectation.ts'
import type { Reading } from './unit.ts'

/**
 * The files that the action touches, on the machine that it runs on, as its plan saw them; without those that an earlier action of the same plan has
 * changed itself.
 */
export function expectsOf(
  action: Action,
  names: { readonly host: HostName; readonly node: HostName | undefined },
  { reading, before }: { readonly reading: Reading; readonly before: readonly Action[] },
): ReadonlyMap<string, Expectation> {
  const on = action.kind === 'push' ? 'host' : (action.on ?? 'host')
  const machine = on === 'node' ? (names.node ?? names.host) : names.host
  const result = new Map<string, Expectation>()
  for (const path of pathsOf(action, on)) {
    const expectation = reading.touched.get(`${machine} file:${path}`)
    if (expectation !== undefined && !before.some((earlier) => mayHaveChanged(earlier, path)))
      result.set(path, expectation)
  }
  return result
}

function pathsOf(action: Action, on: 'host' | 'node'): readonly string[] {
  const declared = allEffects(action).flatMap((effect) =>
    'file' in effect && effect.on === on ? [remotePath(effect.file)] : [],
  )
  return action.kind === 'setAttributes' ? [...declared, remotePath(action.path)] : declared
}

function mayHaveChanged(action: Action, path: string): boolean {
  if (action.kind === 'setAttributes' && remotePath(action.path) === path) return true
  return allEffects(action).some((effect) => {
    if ('mayBring' in effect) return true
    if ('unknown' in effect) return effect.unknown.some((pattern) => overlaps(pattern, `file:${path}`))
    return (
      'file' in effect && (path === remotePath(effect.file) || path.startsWith(`${remotePath(effect.file)}/`))
    )
  })
}

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
