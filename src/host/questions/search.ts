/** Questions that search directories. */
import { HostError } from '../../base/errors.ts'
import { count } from '../queries/query.ts'
import { many, one, oneOf, type Question, question, questionAbout } from '../question.ts'

export interface FoundPath {
  readonly path: string
  /** As find(1) prints it: `f`, `d`, `l`, ... */
  readonly type: string
  /** Four octal digits. */
  readonly mode: string
  readonly size: number
  readonly uid: number
  readonly gid: number
  /** Last change of the content, in seconds since 1970. */
  readonly mtime: number
  /** The time that the question is about, in seconds since 1970. */
  readonly stamp: number
}

/** What find prints about each path, by the time that the question is about: that of the content, access or attributes. */
export const formats = {
  mtime: String.raw`%y\t%m\t%s\t%U\t%G\t%T@\t%T@\t%p\0`,
  atime: String.raw`%y\t%m\t%s\t%U\t%G\t%T@\t%A@\t%p\0`,
  ctime: String.raw`%y\t%m\t%s\t%U\t%G\t%T@\t%C@\t%p\0`,
} as const

/**
 * Everything below these directories, which must exist, down to a depth; links are not followed. Names that
 * disappear during the search are left out.
 */
export const stampedPathsBelow = questionAbout({
  words: [
    'find',
    '-H',
    many('directories', /\/[^\n]*/),
    '-mindepth',
    '1',
    '-maxdepth',
    one('depth', /[0-9]{1,4}/),
    '-printf',
    oneOf('format', Object.values(formats)),
  ],
  timeout: 120_000,
  reads: ({ directories }) => directories.map((path) => `file:${path === '/' ? '' : path}/*` as const),
  parse({ code, stdout, stderr }): readonly FoundPath[] {
    const said = stderr
      .split('\n')
      .filter((line) => line !== '' && !line.endsWith(': No such file or directory'))
    if (code > 1 || said.length > 0)
      throw new HostError({
        code: 'read-failed',
        message: `cannot search: ${said[0] ?? `find failed with exit status ${code}`}`,
      })
    return stdout.split('\0').slice(0, -1).map(foundPath)
  },
})

/** As `stampedPathsBelow`, with the time of the content. */
export function pathsBelow(about: {
  readonly directories: readonly string[]
  readonly depth: string
}): Question<readonly FoundPath[]> {
  return stampedPathsBelow({ ...about, format: formats.mtime })
}

function foundPath(record: string): FoundPath {
  const [, type = '', mode = '', ...rest] =
    /^([a-zA-Z?])\t([0-7]{1,4})\t(\d+)\t(\d+)\t(\d+)\t(-?[\d.]{1,30})\t(-?[\d.]{1,30})\t(\/[^]*)$/.exec(
      record,
    ) ?? []
  const [size, uid, gid] = [count(rest[0]), count(rest[1]), count(rest[2])]
  const [mtime = 0, stamp = 0] = rest.slice(3, 5).map(Number)
  const sensible = Number.isFinite(mtime) && Number.isFinite(stamp)
  if (size === undefined || uid === undefined || gid === undefined || !sensible)
    throw new Error(`invalid line of find: ${JSON.stringify(record.slice(0, 100))}`)
  return { path: rest[5] ?? '', type, mode: mode.padStart(4, '0'), size, uid, gid, mtime, stamp }
}

/** Those of the files that contain a line that matches an extended regular expression. */
export const filesWithLine = questionAbout({
  words: ['grep', '-lsaZE', '-e', one('pattern', /[^\n]+/), '--', many('files', /\/[^\n]*/)],
  timeout: 120_000,
  reads: ({ files }) => files.map((path) => `file:${path}` as const),
  // Status 2 also stands for a file that disappeared or cannot be read; only then nothing is printed about it (-s).
  parse({ code, stdout, stderr }): readonly string[] {
    if (code > 2 || stderr.trim() !== '')
      throw new HostError({
        code: 'read-failed',
        message: `cannot search: ${stderr.trim().split('\n')[0] ?? ''}`,
      })
    return stdout.split('\0').slice(0, -1)
  },
})

/** The host's clock, in seconds since 1970. */
export const presentTime = question({
  words: ['date', '+%s'],
  reads: [],
  parse: ({ stdout }) => {
    const seconds = count(stdout.trim())
    if (seconds === undefined) throw new Error(`date printed ${JSON.stringify(stdout.slice(0, 60))}`)
    return seconds
  },
})
