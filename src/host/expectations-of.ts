/** Derives the expectations of an action from the answers that its probe received. */
import type { HostName } from '../base/brand.ts'
import type { Action } from './action.ts'
import { allEffects } from './effects.ts'
import type { Expectation } from './expectation.ts'
import { remotePath } from './paths.ts'
import { overlaps } from './resource.ts'
import { configFile } from './resources/container.ts'

/**
 * The states that must not have changed when the action runs: those of the files that it touches on its
 * machine, except files that an earlier action of the same plan has changed. `touched` is
 * `TaskReader.touched()`.
 */
export function expectationsOf(
  action: Action,
  names: { readonly host: HostName; readonly node?: HostName | undefined },
  reading: { readonly touched: ReadonlyMap<string, Expectation>; readonly before: readonly Action[] },
): ReadonlyMap<string, Expectation> {
  const on = action.kind === 'push' ? 'host' : (action.on ?? 'host')
  const machine = on === 'node' ? (names.node ?? names.host) : names.host
  const result = new Map<string, Expectation>()
  for (const path of pathsOf(action, on)) {
    const expectation = reading.touched.get(`${machine} file:${path}`)
    if (expectation !== undefined && !reading.before.some((earlier) => mayHaveChanged(earlier, path)))
      result.set(path, expectation)
  }
  return result
}

function pathsOf(action: Action, on: 'host' | 'node'): readonly string[] {
  const declared = allEffects(action).flatMap((effect) => {
    if (effect.on !== on) return []
    if (effect.kind === 'file') return [remotePath(effect.name)]
    // Who changes or destroys a container has read its configuration.
    const { config, exists } = effect.kind === 'container' ? effect.becomes : {}
    return effect.kind === 'container' && (config ?? exists) !== undefined
      ? [remotePath(configFile(effect.name))]
      : []
  })
  return action.kind === 'setAttributes' ? [...declared, remotePath(action.path)] : declared
}

function mayHaveChanged(action: Action, path: string): boolean {
  if (action.kind === 'setAttributes' && remotePath(action.path) === path) return true
  return allEffects(action).some((effect) => {
    if (effect.kind === 'brings') return true
    if (effect.kind === 'unknown')
      return effect.resources.some((pattern) => overlaps(pattern, `file:${path}`))
    if (effect.kind === 'container' && effect.becomes.status === undefined)
      return path === remotePath(configFile(effect.name))
    return (
      effect.kind === 'file' &&
      (path === remotePath(effect.name) || path.startsWith(`${remotePath(effect.name)}/`))
    )
  })
}
