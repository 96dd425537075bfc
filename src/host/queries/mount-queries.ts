import { mountField } from '../../base/posix-paths.ts'
import { sh } from '../../base/shell.ts'
import type { MountStatus } from '../status.ts'
import { found, lastLine, localTimeout, type QueryKind, readFailed } from './query.ts'

export const notMounted: MountStatus = { mounted: false, fstype: '' }

/** What is mounted at many paths; the last mount hides earlier ones (proc_pid_mounts(5)). */
export const mount: QueryKind<string, MountStatus> = {
  kind: 'mount',
  plain: true,
  mergeLimit: 500,
  answerBytes: 256 * 1024,
  usualBytes: 1024,
  timeout: () => localTimeout,
  script: () => sh`cat /proc/self/mounts`,
  parse: ({ stdout, stderr, code }, paths) => {
    const rows = stdout
      .toString('utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .filter((fields) => fields.length >= 4)
    // Every machine has a root.
    if (code !== 0 || rows.length === 0)
      return paths.map((path) => readFailed(`cannot read what is mounted at ${path}: ${lastLine(stderr)}`))
    return paths.map((path) => {
      const row = rows.findLast(([, target = '']) => mountField(target) === path)
      return found(row === undefined ? notMounted : { mounted: true, fstype: row[2] ?? '' })
    })
  },
}
