import { sh } from '../../base/shell.ts'
import type { ContainerStatus } from '../host.ts'
import { found, lastLine, localTimeout, type QueryKind, readFailed } from './query.ts'

/**
 * Configuration and state of one container of a node. `pct status` costs half a second; liblxc's command socket
 * (`@LXCPATH/CTID/command` in /proc/net/unix, which Proxmox itself looks at) costs nothing, and only a running container needs `lxc-info` for its pid.
 * Status 3: there is no such container here.
 */
export const container: QueryKind<string, ContainerStatus | undefined> = {
  kind: 'container',
  mergeLimit: 1,
  answerBytes: 64 * 1024,
  timeout: () => localTimeout,
  script: ([ctid = '']) => sh`f=/etc/pve/lxc/${ctid}.conf
[ -d /etc/pve ] || { echo "/etc/pve is not there: not a Proxmox VE node, or its cluster file system is not mounted" >&2; exit 4; }
[ -e "$f" ] || exit 3
socket=
while read -r n r p fl t st i path; do
  case $path in @*/${ctid}/command) socket=$path; break;; esac
done < /proc/net/unix
pid=
if [ -n "$socket" ]; then
  at=\${socket#@}
  pid=$(lxc-info -P "\${at%/*/command}" -n ${ctid} -p -H 2>/dev/null) || pid=
  printf 'running %s\\n' "$pid"
else
  printf 'stopped\\n'
fi
exec cat -- "$f"`,
  parse: ({ stdout, stderr, code }, [ctid = '']) => {
    if (code === 3) return [found(undefined)]
    if (code !== 0) return [readFailed(`cannot read container ${ctid}: ${lastLine(stderr)}`)]
    const end = stdout.indexOf(0x0a)
    const [status, pid = ''] = stdout.toString('utf8', 0, end).split(' ')
    return [
      found({
        status: status === 'running' ? 'running' : 'stopped',
        config: stdout.toString('utf8', end + 1),
        pid: /^[0-9]+$/.test(pid) && pid !== '0' ? Number(pid) : undefined,
      }),
    ]
  },
}
