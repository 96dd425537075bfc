/** Carries one action out. The only way from data to change. */
import type { HostName } from '../base/brand.ts'
import type { Action } from './action.ts'
import { allEffects } from './effects.ts'
import { download } from './executors/download.ts'
import { makeDirectory, makeLink, remove, setAttributes, writeFile } from './executors/files.ts'
import { containerPower, reboot } from './executors/power.ts'
import { push } from './executors/push.ts'
import { run } from './executors/run.ts'
import type { ActionResult, ExecutionContext, MachineAccess } from './machine.ts'
import { remotePath } from './paths.ts'
import { overlaps } from './resource.ts'

/**
 * Carries an action of a task of `machine` out, there or on its node as the action says. A failure of the host is a result, never an exception.
 * @throws UnreachableError when no shell can be had, the signal's reason when it was cancelled before a step began
 */
export async function execute(
  action: Action,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const target = action.on === 'node' ? (machine.node ?? machine) : machine
  switch (action.kind) {
    case 'writeFile':
      return writeFile(action, target, context)
    case 'setAttributes':
      return setAttributes(action, target, context)
    case 'makeDirectory':
      return makeDirectory(action, target, context)
    case 'makeLink':
      return makeLink(action, target, context)
    case 'remove':
      return remove(action, target, context)
    case 'run':
      return run(action, target, context)
    case 'download':
      return download(action, target, context)
    // Both machines have their part in it.
    case 'push':
      return push(action, machine, context)
    case 'containerPower':
      return containerPower(action, target, context)
    case 'reboot':
      return reboot(action, target, context)
  }
}

/**
 * What of a reading an action has to find unchanged: the files that it touches, on the machine that it runs on, except those that an earlier action of the
 * same plan has changed itself. `touched` is `TaskReader.touched()`.
 */
export function expectationsOf(
  action: Action,
  names: { readonly host: HostName; readonly node?: HostName | undefined },
  reading: { readonly touched: ReadonlyMap<string, string>; readonly before: readonly Action[] },
): ReadonlyMap<string, string> {
  const on = action.kind === 'push' ? 'host' : (action.on ?? 'host')
  const machine = on === 'node' ? (names.node ?? names.host) : names.host
  const result = new Map<string, string>()
  for (const path of pathsOf(action, on)) {
    const fingerprint = reading.touched.get(`${machine} file:${path}`)
    if (fingerprint !== undefined && !reading.before.some((earlier) => mayHaveChanged(earlier, path))) {
      result.set(path, fingerprint)
    }
  }
  return result
}

function pathsOf(action: Action, on: 'host' | 'node'): readonly string[] {
  const declared = allEffects(action).flatMap((effect) =>
    effect.kind === 'file' && effect.on === on ? [remotePath(effect.name)] : [],
  )
  return action.kind === 'setAttributes' ? [...declared, remotePath(action.path)] : declared
}

function mayHaveChanged(action: Action, path: string): boolean {
  if (action.kind === 'setAttributes' && remotePath(action.path) === path) return true
  return allEffects(action).some((effect) => {
    if (effect.kind === 'brings') return true
    if (effect.kind === 'unknown')
      return effect.resources.some((pattern) => overlaps(pattern, `file:${path}`))
    return (
      effect.kind === 'file' &&
      (path === remotePath(effect.name) || path.startsWith(`${remotePath(effect.name)}/`))
    )
  })
}
