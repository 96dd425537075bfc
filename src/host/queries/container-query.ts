import { defined } from '../../base/defined.ts'
import { commandLine, raw, sh } from '../../base/shell.ts'
import type { ShellHelper } from '../../connection/connection.ts'
import type { ContainerStatus } from '../host.ts'
import { lossyLineOf } from '../lossy.ts'
import { found, lastLine, localTimeout, type QueryKind, readFailed } from './query.ts'
import { parseTexts, textsHelper } from './text-query.ts'

/**
 * `gp_containers CTID...` prints for each container a word (`absent`, `stopped`, `running`) and the pid of
 * its init, each terminated by NUL. Then follow the configurations of all (`gp_texts`), or the plain
 * configuration of a single one. It reads /proc/net/unix once for all.
 */
const containersHelper: ShellHelper = {
  name: 'gp_containers 1',
  text: sh`gp_containers() {
if [ ! -d /etc/pve ]; then
echo "/etc/pve does not exist: this is not a Proxmox VE node, or its cluster file system is not mounted" >&2
return 4
fi
_gp_many=$# _gp_sockets=' '
while read -r _gp_x _gp_x _gp_x _gp_x _gp_x _gp_x _gp_x _gp_at; do
case $_gp_at in *[[:space:]]*) ;; @*/command) _gp_sockets="$_gp_sockets$_gp_at " ;; esac
done </proc/net/unix
for _gp_c in "$@"; do
shift
if [ ! -e "/etc/pve/lxc/$_gp_c.conf" ]; then printf 'absent\\0\\0'; continue; fi
set -- "$@" "/etc/pve/lxc/$_gp_c.conf"
case $_gp_sockets in
*"/$_gp_c/command "*)
_gp_at=\${_gp_sockets%%"/$_gp_c/command "*}
_gp_at=$(lxc-info -P "\${_gp_at##* @}" -n "$_gp_c" -p -H 2>/dev/null) || _gp_at=
printf 'running\\0%s\\0' "$_gp_at" ;;
*) printf 'stopped\\0\\0' ;;
esac
done
if [ $# = 0 ]; then return; fi
if [ "$_gp_many" = 1 ]; then cat -- "$1"; else gp_texts "$@"; fi
}`,
}

/**
 * Configuration and state of the containers of a node. `pct status` takes half a second. liblxc's command
 * socket (`@LXCPATH/CTID/command` in /proc/net/unix, which Proxmox itself checks) costs nothing, and only a
 * running container needs `lxc-info` for its pid.
 */
export const container: QueryKind<string, ContainerStatus | undefined> = {
  kind: 'container',
  plain: true,
  mergeLimit: 32,
  answerBytes: 64 * 1024,
  helpers: [textsHelper, containersHelper],
  timeout: () => localTimeout,
  script: (ctids) => sh`gp_containers ${raw(commandLine(ctids))}`,
  parse: ({ stdout, stderr, code }, ctids) => {
    if (code === 4) return ctids.map((ctid) => cannotRead(ctid, stderr))
    const { words, rest } = takeWords(stdout, 2 * ctids.length)
    const present = ctids.filter((_, index) => words[2 * index] !== 'absent')
    const configs = new Map<string, Buffer>()
    if (ctids.length === 1) {
      if (code === 0) configs.set(ctids[0] ?? '', rest)
    } else {
      const paths = present.map((ctid) => `/etc/pve/lxc/${ctid}.conf`)
      parseTexts(rest, stderr, paths).forEach((text, index) => {
        if (text.kind === 'bytes') configs.set(present[index] ?? '', text.bytes)
      })
    }
    return ctids.map((ctid, index) => {
      const [status, pid = ''] = words.slice(2 * index)
      if (status === 'absent') return found(undefined)
      const config = configs.get(ctid)
      if (config === undefined || (status !== 'running' && status !== 'stopped'))
        return ctids.length === 1 ? cannotRead(ctid, stderr) : 'alone'
      return found({
        status,
        config: config.toString('utf8'),
        pid: /^[1-9][0-9]{0,9}$/.test(pid) ? Number(pid) : undefined,
        ...defined({ lossyLine: lossyLineOf(config) }),
      })
    })
  },
}

function cannotRead(ctid: string, stderr: Buffer): ReturnType<typeof readFailed> {
  return readFailed(`cannot read container ${ctid}: ${lastLine(stderr)}`)
}

/** The first `count` words, each terminated by NUL, and the rest. */
function takeWords(bytes: Buffer, count: number): { words: readonly string[]; rest: Buffer } {
  const words: string[] = []
  let at = 0
  while (words.length < count) {
    const end = bytes.indexOf(0, at)
    if (end === -1) break
    words.push(bytes.toString('utf8', at, end))
    at = end + 1
  }
  return { words, rest: bytes.subarray(at) }
}
