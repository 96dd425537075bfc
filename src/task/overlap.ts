/** Checks whether later actions change something that was read. */
import type { Action } from '../host/action.ts'
import { allEffects } from '../host/effects.ts'
import { createOverlay, type Place } from '../host/overlay.ts'

/** True if one of these actions of a task of `place` may change something that the reading saw. */
export function overlapping(
  actions: readonly Action[],
  { touched }: { readonly touched: ReadonlyMap<string, unknown> },
  place: Place,
): boolean {
  const overlay = createOverlay()
  for (const action of actions) overlay.apply(place, action)
  const trees = actions.flatMap((action) => treesOf(action, place))
  return [...touched.keys()].some((key) => {
    if (trees.some((tree) => key.startsWith(tree))) return true
    const space = key.indexOf(' ')
    const machine = key.slice(0, space)
    const where =
      machine === place.name ? place : { ...place, name: place.nodeName ?? place.name, ctid: undefined }
    return overlay.touches(where, key.slice(space + 1)) !== undefined
  })
}

/**
 * Returns prefixes of reading keys for directories that are removed or replaced by links, with everything
 * below them.
 */
function treesOf(action: Action, { name, nodeName = name }: Place): readonly string[] {
  return allEffects(action).flatMap((effect) =>
    effect.kind === 'file' &&
    'kind' in effect.becomes &&
    (effect.becomes.kind === 'absent' || effect.becomes.kind === 'link')
      ? [`${effect.on === 'node' ? nodeName : name} file:${effect.name}/`]
      : [],
  )
}

/**
 * True if `after` creates a file below a path that `removing` removed. Creating a file also creates its
 * parent directories.
 */
export function makeAgain(after: readonly Action[], removing: readonly Action[]): boolean {
  const made = after.flatMap(filesOf)
  return removing
    .flatMap(filesOf)
    .some(
      ({ on, name, absent }) =>
        absent && made.some((file) => !file.absent && file.on === on && file.name.startsWith(`${name}/`)),
    )
}

interface ChangedFile {
  readonly on: 'host' | 'node'
  readonly name: string
  readonly absent: boolean
}

function filesOf(action: Action): readonly ChangedFile[] {
  return allEffects(action).flatMap((effect) =>
    effect.kind === 'file' && 'kind' in effect.becomes
      ? [{ on: effect.on, name: effect.name, absent: effect.becomes.kind === 'absent' }]
      : [],
  )
}
