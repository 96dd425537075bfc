/** What an action may have changed of a machine, in the words in which answers say what they rest on. */
import type { Action } from './action.ts'
import { allEffects, type PlacedEffect } from './effects.ts'
import { pathsAbove } from './links.ts'
import { type RemotePath, remotePath } from './paths.ts'
import { unitName } from './queries/system.ts'

/** What an answer rests on. */
export interface Basis {
  /** Resources and patterns of the machine; may grow while the question is under way. */
  readonly on: string[]
  /** More will be known when the question is answered; until then any change of a file drops it. */
  open: boolean
}

export interface Change {
  readonly everything: boolean
  /** Resources as they are named. */
  readonly exact: ReadonlySet<string>
  /** All resources that begin so. */
  readonly below: readonly string[]
}

/** Other names of a path, as far as links are known. */
export type OtherNames = (path: RemotePath) => readonly RemotePath[]

/** What an action changes on the host of its task, or on the node; undefined for nothing. */
export function changeOf(action: Action, on: 'host' | 'node', names: OtherNames): Change | undefined {
  const exact = new Set<string>()
  const below: string[] = []
  const add = (...patterns: readonly string[]): void => {
    for (const pattern of patterns) {
      if (pattern.endsWith('*')) below.push(pattern.slice(0, -1))
      else exact.add(pattern)
    }
  }
  const own = (action.on ?? 'host') === on
  if (own && action.kind === 'setAttributes') add(...fileChange(action.path, names))
  const effects = allEffects(action).filter((effect) => effect.on === on)
  for (const effect of effects) add(...patternsOf(effect, names))
  // What a machine serves, and what room it has, changes with anything that is done there.
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

/** The same files by other names: of a pattern, those of the directory that it begins in. */
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

function patternsOf(effect: PlacedEffect, names: OtherNames): readonly string[] {
  if ('unknown' in effect) return effect.unknown.flatMap((pattern) => withOtherNames(pattern, names))
  // A package brings, replaces and removes files, programs and units, and runs scripts of its own.
  if ('mayBring' in effect || 'package' in effect) return ['*']
  if ('file' in effect) return fileChange(effect.file, names)
  if ('unit' in effect) return [`unit:${unitName(effect.unit)}`]
  // It brings others with it, and makes devices and what is below /proc and /sys.
  if ('kernelModule' in effect) return ['kernelModule:*', 'file:/dev/*', 'file:/proc/*', 'file:/sys/*']
  if ('container' in effect)
    return [`container:${effect.container}`, `file:/etc/pve/lxc/${effect.container}.conf`]
  return [`command:${effect.command}`]
}

/** A file with all below it, the names in its directory, and the directories above it, which may be new. */
function fileChange(given: string, names: OtherNames): readonly string[] {
  const path = remotePath(given)
  return [path, ...names(path)].flatMap((name) => {
    const above = pathsAbove(name).flatMap((directory) => [`above:${directory}`, `file:${directory}/`])
    const program = `command:${name.slice(name.lastIndexOf('/') + 1)}`
    // Units are files too: systemd.unit(5).
    const units = name.includes('/systemd/') ? ['unit:*'] : []
    return [`file:${name}`, `file:${name}/*`, program, 'above:/', 'file://', ...above, ...units]
  })
}
