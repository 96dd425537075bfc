/**
 * Playbooks that ship with gpuplay. A name selects one of them if the folder has no playbook of that name.
 */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Context } from './context.ts'

/** Returns the path of each playbook: the user's own if it exists, otherwise the shipped one. */
export function playbooksOf({ world, shipped }: Context, names: readonly string[]): readonly string[] {
  return names.map((name) => {
    if (isThere(resolve(world.workingDirectory, name)) || !shippedNames(shipped).includes(name)) return name
    return join(folderOf(shipped), name)
  })
}

/** Treats a path that cannot be checked as existing. Reading it reports the reason. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return true
  }
}

export function shippedNames(shipped: string): readonly string[] {
  const folder = folderOf(shipped)
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.yml')) : []
}

/** Returns the section about shipped playbooks for `gpuplay run --help`. */
export function shippedHelp(shipped: string): string {
  const names = shippedNames(shipped)
  const width = Math.max(...names.map((name) => name.length))
  const lines = names.map((name) => `  ${name.padEnd(width)}  ${purposeOf(join(folderOf(shipped), name))}`)
  return ['', 'PLAYBOOKS THAT COME WITH GPUPLAY', ...lines, ''].join('\n')
}

/** Returns the first sentence of the comment at the top of a playbook. */
function purposeOf(path: string): string {
  return /^# (.*?)(?:\.\s|\.?$)/m.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
}

function folderOf(shipped: string): string {
  return join(shipped, 'playbooks')
}
