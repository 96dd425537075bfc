import { commandLine, raw, sh } from '../../base/shell.ts'
import type { ShellHelper } from '../../connection/connection.ts'
import { found, localTimeout, type QueryKind } from './query.ts'

/**
 * `gp_links PATH...` prints the links among the paths with their targets. It starts a subshell only if there
 * is a link.
 */
const linksHelper: ShellHelper = {
  name: 'gp_links 1',
  text: sh`gp_links() {
for _gp_p in "$@"; do
shift
[ ! -L "$_gp_p" ] || set -- "$@" "$_gp_p"
done
if [ $# = 0 ]; then printf '\\0\\0'; else ( gp_follow "$@" ); fi
}
gp_follow() {
for _gp_p in "$@"; do
shift
if cd -P -- "$_gp_p" 2>/dev/null; then printf '%s\\0%s\\0' "$_gp_p" "$PWD"
else printf '%s\\0\\0' "$_gp_p"; set -- "$@" "$_gp_p"; fi
done
printf '\\0\\0'
[ $# = 0 ] || exec realpath -mz -- "$@"
}`,
}

/**
 * The target of each path that is a link, without links; undefined if it is not a link. The shell follows a
 * link to a directory (`cd -P`); one process follows all other links, and none starts if there are none.
 */
export const realpath: QueryKind<string, string | undefined> = {
  kind: 'realpath',
  plain: true,
  helpers: [linksHelper],
  mergeLimit: 500,
  answerBytes: 512,
  timeout: () => localTimeout,
  script: (paths) => sh`gp_links ${raw(commandLine(paths))}`,
  parse: ({ stdout }, paths) => {
    const fields = stdout.toString('utf8').split('\0')
    const links = new Map<string, string>()
    const others: string[] = []
    let at = 0
    for (; at + 1 < fields.length && fields[at] !== ''; at += 2) {
      const [path = '', target = ''] = fields.slice(at, at + 2)
      if (target === '') others.push(path)
      else links.set(path, target)
    }
    const targets = fields.slice(at + 2, -1)
    // realpath omits a circular link. None of the answers can be matched then, so all are left out.
    if (targets.length === others.length)
      for (const [index, path] of others.entries()) links.set(path, targets[index] ?? path)
    return paths.map((path) => found(links.get(path)))
  },
}
