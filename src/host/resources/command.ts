import { isUnknown, Unknown } from '../../base/unknown.ts'
import { invalidName } from '../names.ts'
import { command } from '../queries/system-queries.ts'
import type { ResourceKind } from './kind.ts'

export interface CommandBecomes {
  readonly path: string | undefined | Unknown
}

/** The PATH of Debian. */
const directories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** A program on the host's PATH: its full path. */
export const commandKind: ResourceKind<'command', string | undefined, CommandBecomes> = {
  kind: 'command',
  word: 'program',
  key(name) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(name)) throw invalidName('program', name)
    return name
  },
  query: command,
  nothing: undefined,
  isNothing: (path) => path === undefined,
  partial: () => false,
  unforeseen: ({ path }) => (isUnknown(path) ? path : undefined),
  impliedBy(name, live, files) {
    const found = directories
      .map((directory) => `${directory}/${name}`)
      .filter((path) => files(path) !== undefined)
    const gone = live !== undefined && files(live) !== undefined
    return found.length > 0 || gone
      ? { path: new Unknown(`an earlier task changes ${found[0] ?? live}`) }
      : undefined
  },
  saysAll: () => true,
  foresee: ({ path }) => (isUnknown(path) ? undefined : path),
  look: (reads, name) => reads.read(commandKind, name),
  differences: ({ path }, seen) => (path === seen ? [] : [{ field: 'path', wanted: path, seen }]),
  held: false,
}
