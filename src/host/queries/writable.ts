import { commandLine, raw, sh } from '../../base/shell.ts'
import { found, localTimeout, type QueryKind, readFailed } from './query.ts'

export interface Access {
  /** Whoever asks may make, replace and remove what is directly below; of what is not there yet, below the nearest directory above that is. */
  readonly writable: boolean
  /** It belongs to whoever asks. */
  readonly own: boolean
}

/** What the user who asks may do at each path, by the shell's own tests: no process. */
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
