/**
 * All files of a lab with the hashes of their contents. Tests use it to prove that check mode changed
 * nothing.
 */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import type { LabNode } from './host.ts'

/** By `pve1:/etc/hosts` or `pve1 container 101:/etc/hosts`: type, mode, owner, and hash, target or device. */
export type FileSnapshot = ReadonlyMap<string, string>

/**
 * Lists the differences from the image on the disks of a node and its containers, without those that the
 * exceptions match, and the existing device nodes and loaded kernel modules. Skips files that equal the
 * image's: the upper layer of an overlay contains every file that was written.
 */
export async function snapshotNode(node: LabNode): Promise<FileSnapshot> {
  const exceptions = readExceptions()
  const found = new Map<string, string>()
  const walk = (root: string, name: string, path: string): void => {
    for (const entry of readdirSync(join(root, path)).sort()) {
      const inside = `${path}/${entry}`
      if (exceptions.some((exception) => exception.test(inside))) continue
      const file = join(root, inside)
      const stats = lstatSync(file)
      if (stats.isDirectory()) walk(root, name, inside)
      // Skips folders: an overlay creates those above a changed file.
      else found.set(`${name}:${inside}`, describe(file, stats))
    }
  }
  const { name } = node.spec
  walk(node.world.path('nodes', name, 'disk/upper'), name, '')
  for (const entry of readdirSync(node.world.path('nodes', name, 'guests/images'))) {
    const upper = node.world.path('nodes', name, 'guests/images', entry, 'upper')
    walk(upper, `${name} container ${entry}`, '')
  }
  const devices = await node.output(
    'find /dev \\( -type c -o -type b \\) ! -path "/dev/pts/*" -printf "%p %m %U:%G "  -exec stat -c "%t:%T" {} \\;',
  )
  for (const line of devices.split('\n').filter((text) => text !== '')) {
    const space = line.indexOf(' ')
    found.set(`${name}:${line.slice(0, space)}`, line.slice(space + 1))
  }
  // If root runs nvidia-smi, it loads modules.
  const modules = (await node.output('lsmod')).split('\n').slice(1)
  for (const line of modules.filter((text) => text !== ''))
    found.set(`${name}:module ${line.split(' ')[0]}`, 'loaded')
  return found
}

/** The differences between two snapshots, one line each: `+` new, `-` removed, `~` changed. */
export function snapshotDifferences(before: FileSnapshot, after: FileSnapshot): readonly string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.flatMap((name) => {
    const [then, now] = [before.get(name), after.get(name)]
    if (then === now) return []
    if (then === undefined) return [`+ ${name} (${now})`]
    return [now === undefined ? `- ${name}` : `~ ${name} (${then} -> ${now})`]
  })
}

function describe(file: string, stats: Stats): string {
  const common = `${(stats.mode & 0o7777).toString(8)} ${stats.uid}:${stats.gid}`
  if (stats.isSymbolicLink()) return `link ${readlinkSync(file)}`
  // An overlay marks a removed file with a character device 0:0.
  if (stats.isCharacterDevice() && stats.rdev === 0) return 'removed'
  if (!stats.isFile()) return `special ${stats.rdev} ${common}`
  // Includes the time: check mode must not rewrite a file with the same content.
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex')
  return `file ${common} ${stats.mtime.toISOString()} ${hash.slice(0, 16)}`
}

/** One regular expression per line, matched against the absolute path on the host. */
function readExceptions(): readonly RegExp[] {
  const lines = readFileSync(join(import.meta.dirname, 'snapshot-exceptions.txt'), 'utf8').split('\n')
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => new RegExp(line))
}
