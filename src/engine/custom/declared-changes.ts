/** Whether the actions of a module declare a change of a file, for tests of modules. */
import type { Action } from '../../host/action.ts'
import { allEffects, type PlacedEffect } from '../../host/effects.ts'
import { remotePath } from '../../host/paths.ts'
import { overlaps } from '../../host/resource.ts'
import { configFile } from '../../host/resources/container.ts'

type On = 'host' | 'node'

/**
 * An effect covers the file itself, its new directories, everything below an unknown path, and the files of a
 * package. Paths without a slash are other things of a test (`module NAME`).
 * @param isAt whether the changed path belongs to the host, or to the node, of the task
 */
export function declaresChange(action: Action, path: string, isAt: (on: On) => boolean): boolean {
  if (action.kind === 'setAttributes' && isAt(action.on ?? 'host') && action.path === path) return true
  // A backup next to the file was requested.
  if (
    action.kind === 'writeFile' &&
    action.backup === true &&
    isAt(action.on ?? 'host') &&
    path.startsWith(`${backupOf(action)}.gpuplay-`)
  )
    return true
  return allEffects(action).some((effect) => isAt(effect.on) && speaksOf(effect, path))
}

function speaksOf(effect: PlacedEffect, path: string): boolean {
  if (effect.kind === 'brings') return path.startsWith('/')
  if (effect.kind === 'unknown') return effect.resources.some((pattern) => overlaps(pattern, `file:${path}`))
  if (effect.kind === 'kernelModule') return path === `module ${effect.name.replaceAll('-', '_')}`
  if (effect.kind === 'container') return path === configFile(effect.name)
  if (effect.kind !== 'file') return false
  const file = remotePath(effect.name)
  return file === path || file.startsWith(`${path}/`) || path.startsWith(`${file}/`)
}

function backupOf({ path, backupDirectory }: Extract<Action, { kind: 'writeFile' }>): string {
  return backupDirectory === undefined ? path : `${backupDirectory}/${path.slice(path.lastIndexOf('/') + 1)}`
}
