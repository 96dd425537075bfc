/**
 * Guests that gpuplay has stopped, or was about to stop, and has not started again: one file for each in the
 * state directory of the node, `pct-101` or `qm-100`. Written before the shutdown and removed after the start,
 * so a run that fails or is killed loses no guest.
 *
 * The file of a guest that a reboot stops is empty. That of a container that is shut down contains `PID:START
 * UNTIL`: its first process (pid and start time from /proc), and the second since 1970 until which this process
 * may still be going down. A shutdown that timed out goes on in the container.
 */
import { raw, sh, type ShellText } from '../base/shell.ts'
import { defaultStateDirectory } from './access.ts'

/** The directory of these files. It may be absent. */
export function owedStarts(stateDirectory: string): string {
  return `${stateDirectory}/guests-to-start`
}

/** The file of a container on its node, where gpuplay is root. */
export function owedStart(ctid: string): string {
  return `${owedStarts(defaultStateDirectory)}/pct-${ctid}`
}

/** Seconds after the time limit of a shutdown until a container that still runs counts as not going down. */
const patience = 600

/**
 * Shell functions that use `$d`, the directory. `gp_owe CTID SECONDS` writes the file of a container before a
 * shutdown with that time limit. `gp_first CTID` prints `PID:START` of its first process, or nothing.
 */
export function owedStartFunctions(stateDirectory: string): ShellText {
  return sh`d=${owedStarts(stateDirectory)}
gp_first() {
  p=$(lxc-info -n "$1" -pH 2>/dev/null) && s=$(cat "/proc/$p/stat" 2>/dev/null) || return
  set -- "$p" \${s##*) }
  [ $# -gt 20 ] && shift 19 && echo "$p:$2"
}
gp_owe() (
  umask 077
  [ -d "$d" ] || mkdir -p -- "$d" || exit
  printf '%s %s\\n' "$(gp_first "$1")" "$(($(date +%s) + 2 * $2 + ${patience}))" > "$d/.pct-$1" &&
    sync -- "$d/.pct-$1" && mv -f -- "$d/.pct-$1" "$d/pct-$1"
)`
}

/** Removes the file of the container `$id`. */
export const startedAgain = raw(sh`rm -f -- "$d/pct-$id"`)
