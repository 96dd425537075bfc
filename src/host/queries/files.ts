import { createHash } from 'node:crypto'
import { commandLine, raw, sh, type ShellText } from '../../base/shell.ts'
import type { FileStatus } from '../host.ts'
import {
  found,
  lastLine,
  localTimeout,
  type QueryKind,
  readFailed,
  type Settled,
  whyMissing,
} from './query.ts'

const largestText = 1024 * 1024

/** lstat or stat of many paths by one `stat`: for each a name, its fields, and the name with a link's target, all ending in NUL. */
function statKind(follow: boolean): QueryKind<string, FileStatus | undefined> {
  return {
    kind: follow ? 'stat-follow' : 'stat',
    mergeLimit: 300,
    answerBytes: 512,
    timeout: () => localTimeout,
    script: (paths) => {
      const format = String.raw`%n\0%f\t%U\t%G\t%u\t%g\t%s\t%t\t%T\0%N\0`
      const options = follow ? ['-L'] : []
      return sh`QUOTING_STYLE=literal ${raw(commandLine(['stat', ...options, '--printf', format, '--', ...paths]))}`
    },
    parse: ({ stdout, stderr }, paths) => {
      const fields = stdout.toString('utf8').split('\0')
      const seen = new Map<string, FileStatus>()
      for (let index = 0; index + 2 < fields.length; index += 3) {
        const name = fields[index] ?? ''
        seen.set(name, fileStatus(name, fields[index + 1] ?? '', fields[index + 2] ?? ''))
      }
      return paths.map((path) => presentOrAbsent(path, seen.get(path), stderr.toString('utf8')))
    },
  }
}

function presentOrAbsent<T>(path: string, value: T | undefined, stderr: string): Settled<T | undefined> {
  if (value !== undefined) return found(value)
  const why = whyMissing(path, stderr)
  return why === 'absent' ? found(undefined) : readFailed(`cannot read ${path}: ${why}`)
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

function fileStatus(name: string, record: string, shown: string): FileStatus {
  const [rawMode = '', owner = '', group = '', uid = '', gid = '', size = '', major = '', minor = ''] =
    record.split('\t')
  const bits = Number.parseInt(rawMode, 16)
  const kind = fileKinds[bits >> 12]
  if (kind === undefined) throw new Error(`stat said mode ${rawMode} of ${name}`)
  return {
    kind,
    mode: (bits & 0o7777).toString(8).padStart(4, '0'),
    owner,
    group,
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
    ...(kind === 'link' ? { target: shown.slice(name.length + ' -> '.length) } : {}),
    ...(kind === 'character' || kind === 'block'
      ? { major: Number.parseInt(major, 16), minor: Number.parseInt(minor, 16) }
      : {}),
  }
}

export const stat = statKind(false)
export const statFollow = statKind(true)

export interface TextAnswer {
  readonly text: string
  /** sha256 of the bytes, in hex. */
  readonly sha256: string
}

/** The content of one file; one process, none when the file is absent. */
export const text: QueryKind<string, TextAnswer | undefined> = {
  kind: 'text',
  mergeLimit: 1,
  answerBytes: largestText,
  timeout: () => localTimeout,
  script: ([path = '']) => sh`if [ -d ${path} ]; then echo "is a directory" >&2; exit 1
elif [ -p ${path} ]; then echo "is a pipe" >&2; exit 1
elif [ -e ${path} ]; then exec head -c ${largestText + 1} -- ${path}
else exec cat -- ${path}; fi`,
  parse: ({ stdout, stderr, code }, [path = '']) => {
    if (code === 0) {
      if (stdout.length > largestText) return [readFailed(`${path} is larger than 1 MiB`)]
      const sha256 = createHash('sha256').update(stdout).digest('hex')
      return [found({ text: stdout.toString('utf8'), sha256 })]
    }
    const why = lastLine(stderr)
    return /: (No such file or directory|Not a directory)$/.test(why)
      ? [found(undefined)]
      : [readFailed(`cannot read ${path}: ${why}`)]
  },
}

/** sha256 of many files by one process. */
export const hash: QueryKind<string, string | undefined> = {
  kind: 'hash',
  mergeLimit: 100,
  answerBytes: 512,
  // Hashing some hundred MB on a slow disk takes its time.
  timeout: (paths) => localTimeout + paths.length * 60_000,
  script: (paths) => commandLine(['sha256sum', '-z', '--', ...paths]),
  parse: ({ stdout, stderr }, paths) => {
    const sums = new Map<string, string>()
    for (const line of stdout.toString('utf8').split('\0')) {
      const match = /^([0-9a-f]{64}) [ *](.*)$/s.exec(line)
      if (match) sums.set(match[2] ?? '', match[1] ?? '')
    }
    return paths.map((path) => presentOrAbsent(path, sums.get(path), stderr.toString('utf8')))
  },
}

/** Names in one directory, NUL-separated, by the shell's own globbing: no process. */
export const list: QueryKind<string, readonly string[] | undefined> = {
  kind: 'list',
  mergeLimit: 1,
  answerBytes: 64 * 1024,
  timeout: () => localTimeout,
  script: ([path = '']) => listScript(path),
  parse: ({ stdout, stderr, code }, [path = '']) => {
    if (code === 3) return [found(undefined)]
    if (code !== 0) return [readFailed(`cannot list ${path}: ${lastLine(stderr)}`)]
    const names = stdout.toString('utf8').split('\0').slice(0, -1)
    return [found(names.sort())]
  },
}

function listScript(path: string): ShellText {
  return sh`[ -d ${path} ] || { [ -e ${path} ] && { echo "not a directory" >&2; exit 4; }; exit 3; }
cd ${path} || exit 4
[ -r . ] || { echo "permission denied" >&2; exit 4; }
for n in * .*; do
  case $n in .|..) continue;; esac
  if [ -e "$n" ] || [ -L "$n" ]; then printf '%s\\0' "$n"; fi
done
exit 0`
}

/** Free bytes on the file system of each path or its nearest existing parent, by one `df`. */
export const space: QueryKind<string, number> = {
  kind: 'space',
  mergeLimit: 50,
  answerBytes: 128,
  timeout: () => localTimeout,
  script: (paths) => sh`_near() { p=$1; while [ ! -e "$p" ]; do p=\${p%/*}; [ -n "$p" ] || p=/; done; }
set --${raw(paths.map((path) => sh` ${path}`).join('') as ShellText)}
i=$#; while [ "$i" -gt 0 ]; do _near "$1"; shift; set -- "$@" "$p"; i=$((i-1)); done
exec df -B1 --output=avail -- "$@"`,
  parse: ({ stdout, stderr, code }, paths) => {
    const lines = stdout.toString('utf8').trim().split('\n').slice(1)
    return paths.map((path, index) => {
      const bytes = Number((lines[index] ?? '').trim() || Number.NaN)
      return code === 0 && lines.length === paths.length && Number.isFinite(bytes)
        ? found(bytes)
        : readFailed(`cannot tell the free space of ${path}: ${lastLine(stderr)}`)
    })
  },
}
