/**
 * The shell functions of a frame. A shell learns them once, so that a step is a few words.
 *
 * They start only the programs that they name. Every result is sent with `gp_say`; the output of a step is
 * between its mark and the next. A step that changes files is reported after they are on the disk: `gp_kept`
 * contains the finished steps, and one `sync` writes the files of all.
 *
 *     pid N            the frame's process, which a signal can stop before the next step
 *     begin I          step I begins
 *     exit I CODE      step I has ended; for a step that changes files CODE is 0 or 1
 *     timeout I        step I timed out and was terminated
 *     stale I PATH     PATH is not as expected
 *     locked I HOLDER  the lock was not free in time
 *     lease I          another run has taken the lease
 *     note I           a note could not be written
 *     stop I           stopped by a signal: step I and later ones do not begin
 */
import { sh } from '../../base/shell.ts'
import type { ShellHelper } from '../../connection/connection.ts'
import { defaultStateDirectory } from '../access.ts'
import { sha256Of } from '../content.ts'

const frame = sh`gp_start() { # nonce
  gp_nonce=$1 gp_step= gp_temporary= gp_files= gp_directories= gp_kept= gp_stopping= gp_noted= gp_summed= gp_uid= gp_gid=
  gp_newline='
'
  gp_notes() { :; }
  trap gp_leave EXIT
  trap 'exit 143' HUP INT TERM
  trap 'gp_stopping=1' USR1
  { while read -r gp_key gp_real gp_value gp_rest; do
    case $gp_key in Pid:) gp_pid=$gp_real;; Uid:) gp_uid=$gp_value;; Gid:) gp_gid=$gp_value; break;; esac
  done < /proc/self/status; } 2>/dev/null && gp_say pid "$gp_pid"
}
gp_leave() { [ -z "$gp_temporary" ] || rm -f -- "$gp_temporary"; }
gp_mark() { printf '%s %s\\n' "$gp_nonce" "$1"; printf '%s %s\\n' "$gp_nonce" "$1" >&2; }
gp_begin() { # step
  if [ -n "$gp_stopping" ]; then gp_flush; gp_say stop "$1"; exit 0; fi
  gp_step=$1 gp_noted=
  gp_say begin "$1" || exit 1
  gp_mark "$1"
}
gp_end() { gp_flush; gp_say "$@"; exit 0; }
gp_done() { # [file to sync before the step is reported]
  if [ -n "$gp_kept$gp_files" ]; then gp_kept=$gp_kept$gp_step\${1:+ $1}$gp_newline; else gp_say exit "$gp_step" 0; fi
}
gp_fail() { # [why]
  [ $# = 0 ] || printf '%s\\n' "$*" >&2
  gp_strike
  gp_end exit "$gp_step" 1
}
gp_keep() { # file to sync, together with its directory
  gp_files=$gp_files$1$gp_newline gp_parent=\${1%/*}/
  case $gp_newline$gp_directories in *"$gp_newline$gp_parent$gp_newline"*) ;; *) gp_directories=$gp_directories$gp_parent$gp_newline;; esac
}
gp_flush() {
  [ -n "$gp_kept$gp_files" ] || return 0
  gp_ifs=$IFS IFS=$gp_newline; set -f
  sync -- $gp_files $gp_directories 2>/dev/null; gp_synced=$?
  set -- $gp_kept
  IFS=$gp_ifs; set +f
  gp_kept= gp_files= gp_directories=
  for gp_line in "$@"; do
    case $gp_synced:$gp_line in
      0:*) ;;
      # A file that a later step has removed needs no sync.
      *' '*) gp_mark "\${gp_line%% *}"; [ ! -e "\${gp_line#* }" ] || sync -- "\${gp_line#* }" || { gp_say exit "\${gp_line%% *}" 1; exit 0; };;
    esac
    gp_say exit "\${gp_line%% *}" 0
  done
}
gp_lock() { # file seconds mode-of-directory
  [ -d "\${1%/*}" ] || mkdir -p -m "$3" -- "\${1%/*}" || gp_fail
  if [ -e "$1" ] && [ ! -f "$1" ]; then gp_fail "$1 is not a regular file"; fi
  { true >> "$1"; } || gp_fail
  exec 9>> "$1"
  flock -w "$2" 9 && return
  gp_inode=$(stat -c %i -- "$1") gp_holder=
  while read -r gp_n gp_kind gp_a gp_m gp_pid gp_where gp_rest; do
    case $gp_kind:$gp_where in FLOCK:*":$gp_inode") gp_holder=$gp_pid; [ -r "/proc/$gp_pid/comm" ] && read -r gp_name < "/proc/$gp_pid/comm" && gp_holder="$gp_pid ($gp_name)"; break;; esac
  done < /proc/locks
  gp_end locked "$gp_step" "$gp_holder"
}
gp_lock_packages() { # state-directory seconds: only root changes packages, and only root can open this lock
  [ "$gp_uid" = 0 ] || return 0
  if [ ! -e "$1" ] || [ -O "$1" ]; then gp_lock "$1/packages.lock" "$2" 0700; else gp_lock ${defaultStateDirectory}/packages.lock "$2" 0700; fi
}
gp_unlock() { exec 9>&-; }
gp_lease() { # state-directory token: not checked for a user who cannot enter the directory
  if [ ! -d "$1" ] || [ -x "$1" ]; then
    gp_token=; [ -f "$1/lease" ] && read -r gp_token < "$1/lease"
    [ "$gp_token" = "$2" ] || gp_end lease "$gp_step"
  fi
}
gp_stale() { gp_end stale "$gp_step" "$1"; }
gp_absent() { if [ -e "$1" ] || [ -L "$1" ]; then gp_stale "$1"; fi; }
gp_nothing() { [ ! -e "$1" ] || gp_stale "$1"; }
gp_present() { [ -e "$1" ] || [ -L "$1" ] || gp_stale "$1"; }
gp_sums() { gp_summed=$(sha256sum -- "$@" 2>/dev/null </dev/null); }
gp_summed_as() { # sum path: compares with the result of gp_sums
  case $gp_newline$gp_summed$gp_newline in *"$gp_newline$1  $2$gp_newline"*) ;; *) gp_stale "$2";; esac
}
gp_same() { # sum path
  gp_sum=$(sha256sum -- "$2" 2>/dev/null </dev/null); case $gp_sum in *"$1 "*) ;; *) gp_stale "$2";; esac
}
gp_note() { # directory name text: written before the change and synced no later than it
  [ ! -s "$1/$2" ] || return 0
  umask 077
  [ -d "$1" ] || mkdir -p -- "$1" || gp_unnoted
  printf '%s\\n' "$3" > "$1/$2" || { rm -f -- "$1/$2"; gp_unnoted; }
  umask 022
  gp_noted=$gp_noted$1/$2$gp_newline
  gp_keep "$1/$2"
}
gp_unnoted() { gp_strike; gp_end note "$gp_step"; }
gp_strike() { # removes the notes of a step that changed nothing
  [ -n "$gp_noted" ] || return 0
  gp_ifs=$IFS IFS=$gp_newline; set -f
  rm -f -- $gp_noted
  IFS=$gp_ifs; set +f
  gp_noted=
}
gp_clock() { { read -r gp_now gp_rest < /proc/uptime; } 2>/dev/null && gp_now=\${gp_now%.*}; }
gp_timed() { gp_clock; gp_since=$gp_now; }
gp_ran() { # code success [seconds] [whole]
  case $1:$3 in 124:?*|137:?*) gp_clock; [ "$((gp_now - gp_since))" -lt "$(($3 - 1))" ] || gp_end timeout "$gp_step";; esac
  case " $2 " in *" $1 "*) gp_say exit "$gp_step" "$1"; return;; esac
  [ -z "$4" ] || gp_strike
  gp_say exit "$gp_step" "$1"
  exit 0
}
`

const files = sh`gp_own() { # path owner group; - keeps the present one
  gp_owner=$2 gp_group=$3
  if [ "$gp_owner" = - ] || { [ "$gp_owner" = "$gp_uid" ] && [ -O "$1" ]; }; then gp_owner=; fi
  if [ "$gp_group" = - ] || { [ "$gp_group" = "$gp_gid" ] && [ -G "$1" ]; }; then gp_group=; fi
  [ -z "$gp_owner$gp_group" ] || chown -- "$gp_owner\${gp_group:+:$gp_group}" "$1"
}
gp_target() { # path: follows a link; the directory must exist
  gp_path=$1
  if [ -L "$gp_path" ]; then gp_path=$(readlink -f -- "$gp_path") || gp_fail "the target of the link cannot be resolved"; fi
  [ ! -d "$gp_path" ] || gp_fail "it is a directory"
  gp_directory=\${gp_path%/*}; gp_directory=\${gp_directory:-/}
  [ -d "$gp_directory" ] || gp_fail "the directory $gp_directory does not exist"
}
gp_look() { # mode owner group: empty keeps the present one; a new file gets 0644
  gp_mode=$1 gp_owned=$2 gp_grouped=$3
  case ,$1,$2,$3, in *,,*) ;; *) return;; esac
  if [ -e "$gp_path" ]; then
    gp_seen=$(stat -c '%a %u %g' -- "$gp_path") || gp_fail
    gp_mode=\${gp_mode:-\${gp_seen%% *}} gp_seen=\${gp_seen#* }
    gp_owned=\${gp_owned:-\${gp_seen% *}} gp_grouped=\${gp_grouped:-\${gp_seen#* }}
  else
    gp_mode=\${gp_mode:-0644} gp_owned=\${gp_owned:--} gp_grouped=\${gp_grouped:--}
  fi
}
gp_write() { # path nonce mode owner group printf-format: others cannot open it before owner and mode are set
  gp_target "$1"; gp_look "$3" "$4" "$5"
  umask 077; set -C
  gp_temporary=\${gp_directory%/}/.gpuplay-$2
  printf "$6" > "$gp_temporary" || gp_unwritten
  umask 022; set +C
  gp_dress
}
gp_copy() { # path nonce mode owner group source sum
  gp_target "$1"; gp_look "$3" "$4" "$5"
  umask 077; set -C
  gp_temporary=\${gp_directory%/}/.gpuplay-$2
  cat -- "$6" > "$gp_temporary" || gp_fail
  umask 022; set +C
  gp_sum=$(sha256sum < "$gp_temporary") || gp_fail
  [ "\${gp_sum%% *}" = "$7" ] || gp_fail "$6 was changed meanwhile; run again"
  gp_dress
}
gp_unwritten() { # some shells do not print why printf failed
  [ ! -f "$gp_temporary" ] || head -c 65536 /dev/zero >> "$gp_temporary"
  gp_fail
}
gp_take() { # path file-with-the-content sum mode owner group
  gp_temporary=$2
  gp_target "$1"; gp_look "$4" "$5" "$6"
  gp_sum=$(sha256sum < "$2") || gp_fail "the content did not arrive"
  [ "\${gp_sum%% *}" = "$3" ] || gp_fail "the content was changed in transit (sha256 \${gp_sum%% *}, expected $3)"
  gp_dress
}
gp_dress() { # chown clears setuid, so the mode comes last
  gp_own "$gp_temporary" "$gp_owned" "$gp_grouped" || gp_fail
  [ "$gp_mode" = - ] || chmod -- "0$gp_mode" "$gp_temporary" || gp_fail
}
gp_backup() { # directory
  [ -e "$gp_path" ] || return 0
  gp_beside=$gp_path
  if [ -n "$1" ]; then mkdir -p -- "$1" || gp_fail; gp_beside=$1/\${gp_path##*/}; fi
  cp -p -- "$gp_path" "$gp_beside.gpuplay-$(date -u +%Y%m%dT%H%M%SZ)" || gp_fail
}
gp_place() {
  gp_notes
  mv -fT -- "$gp_temporary" "$gp_path" || gp_fail
  gp_temporary=
  gp_keep "$gp_path"
  gp_done "$gp_path"
}
gp_attributes() { # path mode owner group; - keeps the present one
  gp_mode=$2
  # chown clears setuid and setgid; keep them.
  if [ "$gp_mode" = - ] && [ "$3$4" != -- ] && [ ! -d "$1" ] && { [ -u "$1" ] || [ -g "$1" ]; }; then gp_mode=$(stat -Lc %a -- "$1") || gp_fail; fi
  gp_notes
  gp_own "$1" "$3" "$4" || gp_fail
  [ "$gp_mode" = - ] || chmod -- "0$gp_mode" "$1" || gp_half
}
gp_half() { gp_noted=; gp_fail; } # keeps the notes, because something may have changed
gp_directory() { # path mode owner group; - keeps the present one
  if [ -d "$1" ]; then gp_attributes "$@"; gp_done; return; fi
  gp_notes
  gp_mode=$2
  if [ "$3$4" != -- ] && [ "$2" != - ]; then gp_mode=0700; fi
  if [ "$gp_mode" = - ]; then mkdir -p -- "$1" || gp_half; else mkdir -p -m "$gp_mode" -- "$1" || gp_half; fi
  gp_own "$1" "$3" "$4" || gp_half
  [ "$gp_mode" = "$2" ] || chmod -- "0$2" "$1" || gp_half
  gp_done
}
gp_link() { # path target nonce
  if [ -d "$1" ] && [ ! -L "$1" ]; then gp_fail "it is a directory"; fi
  gp_notes
  if [ -e "$1" ] || [ -L "$1" ]; then
    gp_temporary=\${1%/*}/.gpuplay-$3
    ln -sT -- "$2" "$gp_temporary" && mv -fT -- "$gp_temporary" "$1" || gp_fail
    gp_temporary=
  else
    ln -sT -- "$2" "$1" || gp_fail
  fi
  gp_done
}
gp_remove() { # path
  if [ -d "$1" ] && [ ! -L "$1" ]; then gp_fail "it is a directory"; fi
  if [ -e "$1" ] || [ -L "$1" ]; then gp_notes; rm -f -- "$1" || gp_fail; fi
  gp_done
}
gp_remove_tree() { # path
  gp_notes
  rm -rf --one-file-system -- "$1" || gp_half
  gp_done
}
`

export const frameHelper: ShellHelper = { name: `gp_frame_${sha256Of(frame).slice(0, 8)}`, text: frame }
export const filesHelper: ShellHelper = { name: `gp_files_${sha256Of(files).slice(0, 8)}`, text: files }
