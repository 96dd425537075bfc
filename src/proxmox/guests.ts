/**
 * Starts the guests of a node that gpuplay has stopped: by a reboot of the node, or to give them other devices.
 * They are recorded on the node before they stop (`host/owed-starts.ts`), so neither a failed nor a killed run
 * loses one.
 */
import { raw, sh } from '../base/shell.ts'
import type { Run } from '../host/action.ts'
import { owedStartFunctions, owedStarts } from '../host/owed-starts.ts'

/** Seconds to wait for a booted node to start its `onboot` guests. */
const bootTimeout = 180
/**
 * Seconds to wait for HA to start its guests, all together. After a boot, it is ready when its manager has noticed that
 * the node is back; a lock that the node had not released is valid for 120 s (PVE::HA::LRM).
 */
const haTimeout = 180

/** Records the running guests, in addition to those that are recorded. A host without Proxmox has none. */
export function recordGuests(stateDirectory: string): Run {
  const script = sh`command -v pct >/dev/null 2>&1 || exit 0
d=${owedStarts(stateDirectory)}
umask 077
[ -d "$d" ] || mkdir -p -- "$d" || exit 1
containers=$(pct list) || exit 1
machines=
if command -v qm >/dev/null 2>&1; then machines=$(qm list) || exit 1; fi
guests=$({ printf '%s\\n' "$containers" | awk '$2 == "running" { print "pct-" $1 }' &&
  printf '%s\\n' "$machines" | awk '$3 == "running" { print "qm-" $1 }'; }) || exit 1
for guest in $guests; do : > "$d/$guest" || exit 1; done
sync -- "$d"`
  return { kind: 'run', label: 'record the running guests', argv: ['sh', '-c', script], timeout: 60 }
}

export interface StartOptions {
  /** Only this container. */
  readonly ctid?: string
  /** Seconds to wait for containers whose shutdown has timed out, but goes on. */
  readonly patience: number
}

/**
 * Starts the recorded guests, and removes each from the record that runs or no longer exists. A container that
 * the node holds back (since this boot, its configuration names another container's card) does not fail: the
 * play that configures it starts it later. The node starts guests with `onboot` itself: the script waits for
 * them, even while their start is still queued during boot, and starts only those that are still stopped
 * afterwards. A guest that something else starts meanwhile counts as started. For a guest that HA manages, `pct` and
 * `qm` only ask HA: the script waits until it runs.
 */
export function startGuests(stateDirectory: string, { ctid, patience }: StartOptions): Run {
  const script = sh`only=${ctid === undefined ? '' : `pct-${ctid}`}
${raw(owedStartFunctions(stateDirectory))}
set -- "$d"/*
[ -e "$1" ] || exit 0
i=0
while [ "$i" -lt ${bootTimeout} ]; do
  state=$(systemctl show -p ActiveState --value pve-guests.service 2>/dev/null)
  job=$(systemctl show -p Job --value pve-guests.service 2>/dev/null)
  case $state,$job in activating,*|*,[1-9]*) sleep 1; i=$((i + 1));; *) break;; esac
done
asked=0
# HA starts its guests itself; pct and qm only ask it (vm_start in PVE::API2::LXC::Status and PVE::API2::Qemu).
up() {
  case $said in *'Requesting HA start'*) ;; *) return;; esac
  until case $("$tool" status "$id" 2>/dev/null) in *running*) ;; *) false;; esac; do
    [ "$asked" -lt ${haTimeout} ] || return
    sleep 1
    asked=$((asked + 1))
  done
}
going() { [ -n "$first" ] && [ "$(date +%s)" -lt "$until" ] && [ "$(gp_first "$id")" = "$first" ]; }
waited=0
for file in "$d"/*; do
  name=\${file##*/}
  [ -e "$file" ] && [ "$name" = "\${only:-$name}" ] || continue
  tool=\${name%%-*} id=\${name#*-} first='' until=''
  read -r first until < "$file"
  while [ "$waited" -lt ${patience} ] && going; do sleep 1; waited=$((waited + 1)); done
  said=$("$tool" status "$id" 2>&1)
  case $said in
    *running*) if going; then echo "stopping $tool $id"; else rm -f -- "$file"; fi; continue;;
    *'does not exist'*) rm -f -- "$file"; continue;;
  esac
  if said=$("$tool" start "$id" 2>&1 </dev/null); then
    if up; then rm -f -- "$file"; echo "started $tool $id"
    else echo "failed $tool $id: HA was asked to start it, and has not done so within ${haTimeout} s"; fi
    continue
  fi
  case $("$tool" status "$id" 2>/dev/null) in *running*) rm -f -- "$file"; continue;; esac
  [ "$tool" = pct ] && [ -e /run/gpuplay/held/"$id" ] && { rm -f -- "$file"; echo "held $tool $id"; continue; }
  echo "failed $tool $id: $(printf '%s\\n' "$said" | awk '/^trying to acquire lock/ { next }
    { last = $0 } first == "" { first = $0 } END { print last (first == last ? "" : " (" first ")") }')"
done`
  const timeout = bootTimeout + haTimeout + patience + 120
  return {
    kind: 'run',
    label: 'start the guests that ran before',
    argv: ['sh', '-c', script],
    timeout,
  }
}

export interface StartedGuests {
  /** `pct 101` */
  readonly started: readonly string[]
  /** Sentences about containers that the node holds back. */
  readonly held: readonly string[]
  /** Containers that still go down, `pct 101`. They stay recorded. */
  readonly stopping: readonly string[]
  /** `pct 101: why`, for each guest that did not start. They stay recorded. */
  readonly failed: readonly string[]
}

/** Parses the output of `startGuests`. */
export function startedGuests(printed: string, node: string): StartedGuests {
  const lines = printed.split('\n')
  const after = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length))
  return {
    started: after('started '),
    held: after('held pct ').map(
      (ctid) =>
        `container ${ctid} of ${node} was not started: since this boot, its configuration names a GPU that is not assigned to it; the play that configures its GPUs fixes this and starts it`,
    ),
    stopping: after('stopping '),
    failed: after('failed '),
  }
}
