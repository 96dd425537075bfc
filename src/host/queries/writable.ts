import { commandLine, raw, sh } from '../../base/shell.ts'
import { found, localTimeout, type QueryKind, readFailed } from './query.ts'

export interface Access {
  /**
   * The user can create, replace and remove entries directly below this path. For a missing path, this
   * describes the nearest existing directory above it.
   */
  readonly writable: boolean
  /** The user owns it. */
  readonly own: boolean
}

/** The rights of the connected user at each path, through the shell's own tests, without a process. */
export const access: QueryKind<string, Access> = {
  kind: 'access',
  mergeLimit: 300,
  answerBytes: 64,
  timeout: () => localTimeout,
  script: (paths) => sh`for p in ${raw(commandLine(paths))}; do
  own=0 writable=0
  [ -O "$p" ] && own=1
  while [ ! -e "$p" ] && [ -n "$p" ]; do p=\${p%/*}; done
  [ -n "$p" ] || p=/
  [ -d "$p" ] && [ -w "$p" ] && [ -x "$p" ] && writable=1
  echo "$writable $own"
done`,
  parse: ({ stdout }, paths) => {
    const lines = stdout.toString('utf8').split('\n')
    return paths.map((path, index) => {
      const answer = /^([01]) ([01])$/.exec(lines[index] ?? '')
      return answer === null
        ? readFailed(`cannot check whether ${path} is writable: invalid answer`)
        : found({ writable: answer[1] === '1', own: answer[2] === '1' })
    })
  },
}
