/** Playbooks that come with gpuplay: found by their name where the folder has none of that name. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Context } from './context.ts'

/** The path of each playbook: the person's own if there is one, otherwise the one that ships. */
export function playbooksOf({ world, shipped }: Context, names: readonly string[]): readonly string[] {
  return names.map((name) => {
    if (isThere(resolve(world.workingDirectory, name)) || !shippedNames(shipped).includes(name)) return name
    return join(folderOf(shipped), name)
  })
}

/** What cannot be looked at is there: reading it says why. */
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

/** A section for the help of `gpuplay run`. */
export function shippedHelp(shipped: string): string {
  const names = shippedNames(shipped)
  const width = Math.max(...names.map((name) => name.length))
  const lines = names.map((name) => `  ${name.padEnd(width)}  ${purposeOf(join(folderOf(shipped), name))}`)
  return ['', 'PLAYBOOKS THAT COME WITH GPUPLAY', ...lines, ''].join('\n')
}

/** The first sentence of the comment that a playbook begins with. */
function purposeOf(path: string): string {
  return /^# (.*?)(?:\.\s|\.?$)/m.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
}

function folderOf(shipped: string): string {
  return join(shipped, 'playbooks')
}
