import { createHash } from 'node:crypto'
import { defined } from '../../base/defined.ts'
import { commandLine, raw, sh } from '../../base/shell.ts'
import type { ShellHelper } from '../../connection/connection.ts'
import type { FileStatus } from '../host.ts'
import { lossyLineOf } from '../lossy.ts'
import {
  coreutilsHint,
  count,
  found,
  lastLine,
  localTimeout,
  type QueryKind,
  readFailed,
  type Settled,
  whyMissing,
} from './query.ts'
import { largestText, parseTexts, type TextFound, textsHelper } from './text-query.ts'

/**
 * lstat or stat of many paths with one `stat`. Prints for each a name, its fields, and the name with a link's
 * target, all terminated by NUL.
 */
function statKind(follow: boolean): QueryKind<string, FileStatus | undefined> {
  return {
    kind: follow ? 'stat-follow' : 'stat',
    plain: true,
    mergeLimit: 300,
    answerBytes: 512,
    timeout: () => localTimeout,
    script: (paths) => {
      const format = String.raw`%n\0%f\t%U\t%G\t%u\t%g\t%s\t%t\t%T\0%N\0`
      const options = follow ? ['-L'] : []
      return sh`QUOTING_STYLE=literal ${raw(commandLine(['stat', ...options, '--printf', format, '--', ...paths]))}`
    },
    parse: ({ stdout, stderr, code }, paths) => {
      const fields = stdout.toString('utf8').split('\0')
      const seen = new Map<string, Settled<FileStatus>>()
      for (let index = 0; index + 2 < fields.length; index += 3) {
        const name = fields[index] ?? ''
        seen.set(name, fileStatus(name, fields[index + 1] ?? '', fields[index + 2] ?? ''))
      }
      const complaints = stderr.toString('utf8')
      return paths.map((path) => seen.get(path) ?? absentOrFailed(path, complaints, code))
    },
  }
}

/** The answer for a path that is missing from a program's output. */
function absentOrFailed(path: string, stderr: string, code: number): Settled<undefined> {
  const why = whyMissing(path, stderr)
  if (why === 'absent' && code !== 127) return found(undefined)
  return readFailed(`cannot read ${path}: ${why}`, coreutilsHint(code, stderr))
}

const fileKinds: Readonly<Record<number, FileStatus['kind']>> = {
  0x1: 'fifo',
  0x2: 'character',
  0x4: 'directory',
  0x6: 'block',
  0x8: 'file',
  0xa: 'link',
  0xc: 'socket',
}

function fileStatus(name: string, record: string, shown: string): Settled<FileStatus> {
  const fields =
    /^([0-9a-f]{1,8})\t([^\t]*)\t([^\t]*)\t(\d+)\t(\d+)\t(\d+)\t([0-9a-f]{1,8})\t([0-9a-f]{1,8})$/.exec(
      record,
    )
  const [, rawMode = '', owner = '', group = '', uidText, gidText, sizeText, major = '', minor = ''] =
    fields ?? []
  const bits = Number.parseInt(rawMode, 16)
  const kind = fileKinds[bits >> 12]
  const [uid, gid, size] = [count(uidText), count(gidText), count(sizeText)]
  const isDevice = kind === 'character' || kind === 'block'
  const arrow = `${name} -> `
  if (kind === undefined || uid === undefined || gid === undefined || size === undefined)
    return readFailed(
      `cannot read ${name}: invalid answer from stat: ${JSON.stringify(record.slice(0, 100))}`,
    )
  if (kind === 'link' && !shown.startsWith(arrow))
    return readFailed(`cannot read ${name}: stat did not report the target of the link`)
  return found({
    kind,
    mode: (bits & 0o7777).toString(8).padStart(4, '0'),
    owner,
    group,
    uid,
    gid,
    size,
    ...defined({
      target: kind === 'link' ? shown.slice(arrow.length) : undefined,
      major: isDevice ? Number.parseInt(major, 16) : undefined,
      minor: isDevice ? Number.parseInt(minor, 16) : undefined,
    }),
  })
}

export const stat = statKind(false)
export const statFollow = statKind(true)

export interface TextAnswer {
  readonly text: string
  /** sha256 of the bytes, in hex. */
  readonly sha256: string
  /** The first line with bytes that are not UTF-8, from 1. */
  readonly lossyLine?: number
}

/** The content of files: one process for one file, two for many, none for a single absent one. */
export const text: QueryKind<string, TextAnswer | undefined> = {
  kind: 'text',
  plain: true,
  mergeLimit: 64,
  // The kernel generates these on reading, so they have no length to compare.
  merges: (path) => !/^\/(?:proc|sys|dev)\//.test(path),
  answerBytes: largestText,
  usualBytes: 256 * 1024,
  helpers: [textsHelper],
  timeout: () => localTimeout,
  script: ([path = '', ...others]) =>
    others.length > 0
      ? sh`gp_texts ${raw(commandLine([path, ...others]))}`
      : sh`if [ -d ${path} ]; then echo "is a directory" >&2; false
elif [ -p ${path} ]; then echo "is a pipe" >&2; false
elif [ -e ${path} ]; then head -c ${largestText + 1} -- ${path}
else cat -- ${path}; fi`,
  parse: ({ stdout, stderr, code }, [path = '', ...others]) => {
    if (others.length > 0) {
      const paths = [path, ...others]
      return parseTexts(stdout, stderr, paths).map((each, index) => textAnswer(paths[index] ?? '', each))
    }
    if (code === 0) {
      const kind = stdout.length > largestText ? 'tooLong' : 'bytes'
      return [textAnswer(path, { kind, bytes: stdout })]
    }
    const why = lastLine(stderr)
    return /: (No such file or directory|Not a directory)$/.test(why)
      ? [found(undefined)]
      : [readFailed(`cannot read ${path}: ${why}`)]
  },
}

function textAnswer(path: string, text: TextFound): Settled<TextAnswer | undefined> | 'alone' {
  switch (text.kind) {
    case 'bytes':
      return found({
        text: text.bytes.toString('utf8'),
        sha256: createHash('sha256').update(text.bytes).digest('hex'),
        ...defined({ lossyLine: lossyLineOf(text.bytes) }),
      })
    case 'absent':
      return found(undefined)
    case 'directory':
      return readFailed(`cannot read ${path}: is a directory`)
    case 'pipe':
      return readFailed(`cannot read ${path}: is a pipe`)
    case 'tooLong':
      return readFailed(`${path} is larger than 1 MiB`)
    case 'unclear':
      return 'alone'
  }
}

/** `gp_hash PATH...` skips pipes and devices, which may never end and would block the others. */
const hashHelper: ShellHelper = {
  name: 'gp_hash 2',
  text: sh`gp_hash() {
for _gp_p in "$@"; do
shift
if [ -p "$_gp_p" ]; then echo "gp_hash: $_gp_p: is a pipe" >&2
elif [ -e "$_gp_p" ] && [ ! -f "$_gp_p" ]; then echo "gp_hash: $_gp_p: is not a regular file" >&2
else set -- "$@" "$_gp_p"; fi
done
[ $# = 0 ] || sha256sum -z -- "$@"
}`,
}

/** sha256 of many files with one process. */
export const hash: QueryKind<string, string | undefined> = {
  kind: 'hash',
  plain: true,
  mergeLimit: 100,
  answerBytes: 512,
  helpers: [hashHelper],
  // Hashing several hundred MB on a slow disk takes time.
  timeout: (paths) => localTimeout + paths.length * 60_000,
  script: (paths) => sh`gp_hash ${raw(commandLine(paths))}`,
  parse: ({ stdout, stderr, code }, paths) => {
    const sums = new Map<string, string>()
    for (const line of stdout.toString('utf8').split('\0')) {
      const match = /^([0-9a-f]{64}) [ *](.*)$/s.exec(line)
      if (match) sums.set(match[2] ?? '', match[1] ?? '')
    }
    const complaints = stderr.toString('utf8')
    return paths.map((path) => {
      const sum = sums.get(path)
      return sum === undefined ? absentOrFailed(path, complaints, code) : found(sum)
    })
  },
}

/**
 * `gp_list PATH...` prints for each path a word (`names`, `absent`, `other`, `denied`), its names, and an
 * empty word, all terminated by NUL.
 */
const listHelper: ShellHelper = {
  name: 'gp_list 1',
  text: sh`gp_list() {
for _gp_p in "$@"; do
if [ ! -d "$_gp_p" ]; then
if [ -e "$_gp_p" ]; then printf 'other\\0'; else printf 'absent\\0'; fi
elif [ ! -r "$_gp_p" ] || [ ! -x "$_gp_p" ]; then printf 'denied\\0'
else
printf 'names\\0'
for _gp_n in "$_gp_p"/* "$_gp_p"/.*; do
case $_gp_n in "$_gp_p/." | "$_gp_p/..") continue ;; esac
if [ -e "$_gp_n" ] || [ -L "$_gp_n" ]; then printf '%s\\0' "\${_gp_n#"$_gp_p"/}"; fi
done
fi
printf '\\0'
done
}`,
}

/** Names in many directories through the shell's own globbing, without a process. */
export const list: QueryKind<string, readonly string[] | undefined> = {
  kind: 'list',
  plain: true,
  mergeLimit: 16,
  answerBytes: 64 * 1024,
  helpers: [listHelper],
  timeout: () => localTimeout,
  script: (paths) => sh`gp_list ${raw(commandLine(paths))}`,
  parse: ({ stdout, stderr }, paths) => {
    const blocks = stdout.toString('utf8').split('\0\0')
    return paths.map((path, index) => {
      const [word, ...names] = (blocks[index] ?? '').split('\0')
      if (word === 'names' && !names.some((name) => name.includes('/'))) return found(names.sort())
      if (word === 'absent') return found(undefined)
      const why =
        word === 'other' ? 'not a directory' : word === 'denied' ? 'permission denied' : lastLine(stderr)
      return readFailed(`cannot list ${path}: ${why === '' ? 'invalid answer' : why}`)
    })
  },
}

const spaceHelper: ShellHelper = {
  name: 'gp_space 1',
  text: sh`gp_space() {
for _gp_p in "$@"; do
shift
while [ ! -e "$_gp_p" ]; do _gp_p=\${_gp_p%/*}; [ -n "$_gp_p" ] || _gp_p=/; done
set -- "$@" "$_gp_p"
done
df -B1 --output=avail -- "$@"
}`,
}

/** Free bytes on the file system of each path or its nearest existing parent, with one `df`. */
export const space: QueryKind<string, number> = {
  kind: 'space',
  plain: true,
  mergeLimit: 50,
  answerBytes: 128,
  timeout: () => localTimeout,
  helpers: [spaceHelper],
  script: (paths) => sh`gp_space ${raw(commandLine(paths))}`,
  parse: ({ stdout, stderr, code }, paths) => {
    const lines = stdout.toString('utf8').trim().split('\n').slice(1)
    return paths.map((path, index) => {
      const bytes = count((lines[index] ?? '').trim())
      return code === 0 && lines.length === paths.length && bytes !== undefined
        ? found(bytes)
        : readFailed(
            `cannot read the free space of ${path}: ${lastLine(stderr)}`,
            coreutilsHint(code, stderr.toString('utf8')),
          )
    })
  },
}
