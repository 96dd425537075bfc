/**
 * The guests of a node during its reboot. The running guests are recorded on the node before the reboot and
 * started again after it, so that neither a failed nor a killed run loses one.
 */
import { commandLine, raw, sh } from '../base/shell.ts'
import type { Run } from '../host/action.ts'

/** Seconds to wait for a booted node to start its `onboot` guests. */
const bootTimeout = 180

/** The record file; it exists only between a reboot and the start of the guests. */
export function guestsRecord(stateDirectory: string): string {
  return `${stateDirectory}/guests-before-reboot`
}

/** Records the running guests. A host without Proxmox has none. */
export function recordGuests(stateDirectory: string): Run {
  const record = guestsRecord(stateDirectory)
  const script = sh`command -v pct >/dev/null 2>&1 || exit 0
umask 077
[ -d ${stateDirectory} ] || mkdir -p -- ${stateDirectory} || exit 1
containers=$(pct list) || exit 1
machines=
if command -v qm >/dev/null 2>&1; then machines=$(qm list) || exit 1; fi
{ printf '%s\\n' "$containers" | awk '$2 == "running" { print "pct", $1 }' &&
  printf '%s\\n' "$machines" | awk '$3 == "running" { print "qm", $1 }'
} > ${`${record}.new`} && sync -- ${`${record}.new`} && mv -f -- ${`${record}.new`} ${record}`
  return { kind: 'run', label: 'record the running guests', argv: ['sh', '-c', script], timeout: 60 }
}

/**
 * Starts the recorded guests and deletes the record. A container that the node holds back (since this boot,
 * its configuration names another container's card) does not fail: the play that configures it starts it
 * later. The node starts guests with `onboot` itself: the script waits for them, even while their start is
 * still queued during boot, and starts only those that are still stopped afterwards. A guest that something
 * else starts meanwhile counts as started.
 */
export function startGuests(stateDirectory: string): Run {
  const record = guestsRecord(stateDirectory)
  const script = sh`[ -s ${record} ] || { rm -f -- ${record}; exit; }
i=0
while [ "$i" -lt ${bootTimeout} ]; do
  state=$(systemctl show -p ActiveState --value pve-guests.service 2>/dev/null)
  job=$(systemctl show -p Job --value pve-guests.service 2>/dev/null)
  case $state,$job in activating,*|*,[1-9]*) sleep 1; i=$((i + 1));; *) break;; esac
done
bad=0
while read -r tool id; do
  case $("$tool" status "$id" 2>/dev/null) in *running*) continue;; esac
  said=$("$tool" start "$id" 2>&1 </dev/null) && continue
  case $("$tool" status "$id" 2>/dev/null) in *running*) continue;; esac
  [ "$tool" = pct ] && [ -e /run/gpuplay/held/"$id" ] && { echo "held $tool $id"; continue; }
  bad=1
  echo "failed $tool $id: $(printf %s "$said" | tail -n 1)"
done < ${record}
[ "$bad" = 1 ] || ${raw(commandLine(['rm', '-f', '--', record]))}`
  const timeout = bootTimeout + 120
  return {
    kind: 'run',
    label: 'start the guests that ran before the reboot',
    argv: ['sh', '-c', script],
    timeout,
  }
}

export interface GuestsLeft {
  /** Sentences about containers that the node holds back. */
  readonly held: readonly string[]
  /** `pct 101: why`, for each guest that did not start. */
  readonly failed: readonly string[]
}

/** Parses the output of `startGuests`. */
export function guestsLeft(printed: string, node: string): GuestsLeft {
  const lines = printed.split('\n')
  const after = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length))
  return {
    held: after('held pct ').map(
      (ctid) =>
        `container ${ctid} of ${node} was not started: since this boot, its configuration names a GPU that is not assigned to it; the play that configures its GPUs fixes this and starts it`,
    ),
    failed: after('failed '),
  }
}
