/** The resources that an action may have changed, in the same terms as the bases of answers. */
import type { Action } from './action.ts'
import { allEffects, type PlacedEffect } from './effects.ts'
import { type RemotePath, remotePath } from './paths.ts'
import { kindOf, type Kinds, kindsOf } from './resources/all.ts'
import { fileKind } from './resources/file.ts'
import type { ChangeKind } from './resources/kind.ts'

/** The resources that an answer depends on. */
export interface Basis {
  /** Resources and patterns of the machine. May grow while the question is pending. */
  readonly on: string[]
  /**
   * The list is incomplete until the question is answered; until then, any change of a file invalidates it.
   */
  open: boolean
}

export interface Change {
  readonly everything: boolean
  /** Resources by their names. */
  readonly exact: ReadonlySet<string>
  /** Prefixes of the changed resources. */
  readonly below: readonly string[]
}

/** Returns the other names of a path, as far as links are known. */
export type OtherNames = (path: RemotePath) => readonly RemotePath[]

/** The changes of an action on the host of its task, or on the node; undefined if there are none. */
export function changeOf(
  action: Action,
  on: 'host' | 'node',
  { names, kinds = kindsOf() }: { readonly names: OtherNames; readonly kinds?: Kinds | undefined },
): Change | undefined {
  const exact = new Set<string>()
  const below: string[] = []
  const add = (...patterns: readonly string[]): void => {
    for (const pattern of patterns) {
      if (pattern.endsWith('*')) below.push(pattern.slice(0, -1))
      else exact.add(pattern)
    }
  }
  const own = (action.on ?? 'host') === on
  if (own && action.kind === 'setAttributes') add(...changed(fileKind, remotePath(action.path), names))
  const effects = allEffects(action).filter((effect) => effect.on === on)
  for (const effect of effects) add(...patternsOf(effect, names, kinds))
  // Any action on a machine may change what it serves and its free space.
  if (own || effects.length > 0) add('http:*', 'space:*')
  if (exact.size === 0 && below.length === 0) return undefined
  return { everything: below.includes(''), exact, below }
}

export function patternChange(pattern: string, names: OtherNames): Change {
  const patterns = withOtherNames(pattern, names)
  return {
    everything: pattern === '*',
    exact: new Set(patterns.filter((each) => !each.endsWith('*'))),
    below: patterns.filter((each) => each.endsWith('*')).map((each) => each.slice(0, -1)),
  }
}

/** The same files under other names. For a pattern, the other names of the directory in which it begins. */
export function withOtherNames(pattern: string, names: OtherNames): readonly string[] {
  if (!pattern.startsWith('file:/')) return [pattern]
  const given = pattern.slice('file:'.length)
  const end = pattern.endsWith('*') ? given.lastIndexOf('/') : given.length
  const rest = given.slice(end)
  const directory = remotePath(given.slice(0, end) || '/')
  return [pattern, ...names(directory).map((name) => `file:${name === '/' ? '' : name}${rest}`)]
}

export function touches({ everything, exact, below }: Change, { on, open }: Basis): boolean {
  if (everything) return true
  if (open && (below.length > 0 || [...exact].some((name) => name.startsWith('file:')))) return true
  return on.some((what) => {
    if (!what.endsWith('*')) return exact.has(what) || below.some((start) => what.startsWith(start))
    const start = what.slice(0, -1)
    if (below.some((other) => start.startsWith(other) || other.startsWith(start))) return true
    for (const name of exact) if (name.startsWith(start)) return true
    return false
  })
}

function patternsOf(effect: PlacedEffect, names: OtherNames, kinds: Kinds): readonly string[] {
  if (effect.kind === 'unknown') return effect.resources.flatMap((pattern) => withOtherNames(pattern, names))
  // Programs, files and units, and the effects of maintainer scripts.
  if (effect.kind === 'brings') return ['*']
  const kind = kindOf(kinds, effect.kind)
  return changed(kind, kind.key(effect.name), names)
}

function changed(kind: ChangeKind, key: string, names: OtherNames): readonly string[] {
  const keys = kind.kind === fileKind.kind ? [key, ...names(remotePath(key))] : [key]
  return keys.flatMap((each) => [`${kind.kind}:${each}`, ...(kind.concerns?.(each) ?? [])])
}
