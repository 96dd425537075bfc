/** Compares the state after two tools: all differences from the image, except the tools' own files. */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** By path: type, mode, owner, and hash or target. */
export type Tree = ReadonlyMap<string, string>

/** Logs, caches, and the state of a tool on a host. */
const own = [
  /^\/var\/lib\/gpuplay(\/|$)/,
  /^\/root\/\.ansible(\/|$)/,
  /^\/(run|tmp|var\/tmp|var\/cache\/apt|var\/lib\/apt)\//,
  /^\/var\/log\/(wtmp|btmp|lastlog|faillog|apt\/|journal\/)/,
  /\/__pycache__(\/|$)/,
]

/**
 * The disk of a host (the upper layer of an overlay), without folders that are there only because a file in
 * them has changed.
 */
export function treeOf(disk: string): Tree {
  const found = new Map<string, string>()
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(disk, path)).sort()) {
      const inside = `${path}/${entry}`
      if (own.some((pattern) => pattern.test(inside))) continue
      const file = join(disk, inside)
      const stats = lstatSync(file)
      const common = `${(stats.mode & 0o7777).toString(8)} ${stats.uid}:${stats.gid}`
      if (stats.isDirectory()) {
        if (made.test(inside)) found.set(inside, `directory ${common}`)
        walk(inside)
      } else if (stats.isSymbolicLink()) found.set(inside, `link ${readlinkSync(file)}`)
      // An overlay marks a removed file with a character device 0:0.
      else if (stats.isCharacterDevice() && stats.rdev === 0) found.set(inside, 'removed')
      else found.set(inside, `file ${common} ${hash(file)}`)
    }
  }
  walk('')
  return found
}

/** Folders that the workload creates. */
const made = /^\/(opt|var\/log)\/bench(\/|$)/

/** A line for each path that differs. */
export function treeDifferences(one: Tree, other: Tree): readonly string[] {
  const paths = [...new Set([...one.keys(), ...other.keys()])].sort()
  return paths.flatMap((path) => {
    const [left = 'nothing', right = 'nothing'] = [one.get(path), other.get(path)]
    return left === right ? [] : [`${path}: ${left}, ${right}`]
  })
}

function hash(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16)
}
