import { quote, type ShellText } from '../base/shell.ts'
import type { ShellHelper } from './connection.ts'

/**
 * The file descriptor of `gp_say`. A program that may outlive its script is started with `8>&-`. Otherwise it
 * would hold the script's stdout open, and the shell would have to be released from it before the next
 * script.
 */
export const sayDescriptor = 8

/**
 * The text of the framed protocol in both directions. Pure: `framed-shell.ts` sends and receives it.
 *
 * Upstream, a session starts with `openingText`. Then every script is one simple command on the shell's
 * standard input, with the script in single quotes, so that an interrupted write never runs in part.
 * Downstream, marks enclose every script. A mark is a NUL, the session's 128-bit nonce, a letter, the
 * script's number and a newline:
 *
 *     B n pid parent   on both: script n begins; `pid` is the wrapper process, `parent` its parent (or 0 0
 *                      without /proc)
 *     V n flag text    on stdout: script n says `text` (`gp_say`), in as many marks as it needs
 *     E n code         on both: script n has ended; all its output comes before
 *     C n              on both: nothing that script n left running can write here any more
 *
 * The script has its own pipes for stdout and stderr, relayed by two `cat`. A child that it leaves running
 * therefore holds those pipes, not the shell's: between E and C its bytes are recognized and dropped, and
 * after C there can be none.
 *
 * A light script has no relays: it is one subshell that writes on the shell's own streams, and there is no C.
 * If it leaves a child running against its promise, that child may still write. Between scripts its output is
 * dropped; during a script it becomes part of that script's output. It cannot forge a mark.
 *
 * `gp_say` writes to descriptor 8, a second name for the script's stdout, so that captures and redirections
 * do not swallow a mark. The nonce is a variable of the shell that is never exported: a program that inherits
 * descriptor 8 can write bytes there, but no marks.
 */
const functions = `
__gpuplay_mark() { printf '\\000%s%s %s\\n' "$__gpuplay_a" "$__gpuplay_b" "$*"; }
__gpuplay_both() { __gpuplay_mark "$@"; __gpuplay_mark "$@" >&2; }
__gpuplay_begin() {
{ read -r __gpuplay_p __gpuplay_x __gpuplay_x __gpuplay_q __gpuplay_x </proc/self/stat; } 2>/dev/null
__gpuplay_both B "$1" "$__gpuplay_p" "$__gpuplay_q"
}
__gpuplay_user() { __gpuplay_s=$3; if [ "$2" = say ]; then exec ${sayDescriptor}>&1; fi; shift $#; eval "$__gpuplay_s"; }
__gpuplay_frame() {
__gpuplay_n=$1
{ { { __gpuplay_begin "$1"
if [ $# = 4 ]; then printf "$4" 2>/dev/null | ( __gpuplay_user "$@" ); else ( __gpuplay_user "$@" ) </dev/null; fi
set -- "$1" $?
__gpuplay_both E "$@"
} 2>&3 3>&- 4>&- | cat >&4 3>&- 4>&-; } 3>&1 | cat >&2 4>&-; } 4>&1
__gpuplay_both C "$1"
}
__gpuplay_light() {
__gpuplay_n=$1
if [ $# = 4 ]; then printf "$4" 2>/dev/null | ( __gpuplay_begin "$1"; __gpuplay_user "$@" )
else ( __gpuplay_begin "$1"; __gpuplay_user "$@" ) </dev/null; fi
set -- "$1" $?
__gpuplay_both E "$@"
}
`

/**
 * `gp_say WORD...`, with builtins only. It prints one mark per line of the text, or several for a long line,
 * because only a write of at most PIPE_BUF (4096 bytes) is atomic. It uses LC_ALL=C: in a UTF-8 locale, bash
 * 5.2 misreads a stray byte before a backslash. The flag announces the next mark: `+` more of the line, `n`
 * the next line, `.` none. The words are joined by blanks, regardless of IFS.
 */
const sayFunctions = `
__gpuplay_l='
'
__gpuplay_m=${'?'.repeat(900)}
__gpuplay_piece() { printf '\\000%s%s V %s %s %s\\n' "$__gpuplay_a" "$__gpuplay_b" "$__gpuplay_n" "$1" "$2" >&${sayDescriptor}; }
__gpuplay_line() {
while case $2 in $__gpuplay_m?*) ;; *) false ;; esac; do
__gpuplay_r=\${2#$__gpuplay_m}
__gpuplay_piece + "\${2%"$__gpuplay_r"}"
set -- "$1" "$__gpuplay_r"
done
__gpuplay_piece "$1" "$2"
}
gp_say() {
__gpuplay_o=\${LC_ALL-} LC_ALL=C
__gpuplay_t=\${1-}; if [ $# != 0 ]; then shift; fi
for __gpuplay_w in "$@"; do __gpuplay_t="$__gpuplay_t $__gpuplay_w"; done
while case $__gpuplay_t in *"$__gpuplay_l"*) ;; *) false ;; esac; do
__gpuplay_line n "\${__gpuplay_t%%"$__gpuplay_l"*}"
__gpuplay_t=\${__gpuplay_t#*"$__gpuplay_l"}
done
__gpuplay_line . "$__gpuplay_t"
__gpuplay_r=$? LC_ALL=$__gpuplay_o
return "$__gpuplay_r"
}
`

/**
 * Set once per shell, so that scripts find the same environment on every host and through every kind of
 * connection.
 */
const environment = `
for __gpuplay_x in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
case ":$PATH:" in *":$__gpuplay_x:"*) ;; *) PATH=\${PATH:+$PATH:}$__gpuplay_x ;; esac; done
LC_ALL=C.UTF-8; export PATH LC_ALL; unset LANGUAGE CDPATH; umask 022
`

/** The last line of the greeting of a host whose `stat` is busybox's, which lacks required options. */
export const busyboxWord = 'busybox'

/**
 * The script of the first frame; `readGreeting` (`open-shell.ts`) parses its output. `$$` is the long-lived shell
 * itself, even in a subshell. The shell itself reads the user (proc_pid_status(5): real, effective, ...),
 * because every process costs a host half a millisecond.
 */
export const greetingScript = `if { read -r __gpuplay_x </proc/sys/kernel/hostname; } 2>/dev/null
then echo "$__gpuplay_x"; else uname -n; fi; echo $$
__gpuplay_u=; { while read -r __gpuplay_k __gpuplay_x __gpuplay_v __gpuplay_x; do
if [ "$__gpuplay_k" = Uid: ]; then __gpuplay_u=$__gpuplay_v; break; fi
done </proc/self/status; } 2>/dev/null
if [ -n "$__gpuplay_u" ]; then echo "$__gpuplay_u"; else id -u; fi
{ read -r __gpuplay_x </proc/sys/kernel/random/boot_id; } 2>/dev/null && echo "$__gpuplay_x"
__gpuplay_x=$IFS IFS=:; set -f
for __gpuplay_k in $PATH; do
[ -x "$__gpuplay_k/stat" ] || continue
for __gpuplay_v in /bin/busybox /usr/bin/busybox; do [ "$__gpuplay_k/stat" -ef "$__gpuplay_v" ] && echo ${busyboxWord} && break; done
break
done
IFS=$__gpuplay_x; set +f; :`

/**
 * The first bytes of a session. The nonce is sent in two pieces, so that an echo of our own text is never
 * taken for a mark.
 */
export function openingText(nonce: string): string {
  // One compound command on the last line: none of it runs unless all of it arrived.
  return `eval ${quote(`${nonceText(nonce)}${environment}${functions}${sayFunctions}`)}\n`
}

/** Defines `gp_say` for script number 1 of a shell that has no other part of the protocol. */
export function sayText(nonce: string): string {
  return `${nonceText(nonce)}__gpuplay_n=1${sayFunctions}`
}

/** If the environment had variables of these names, the shell would export our values. */
function nonceText(nonce: string): string {
  const half = nonce.length / 2
  const names = '__gpuplay_a __gpuplay_b'
  return `unset ${names}; __gpuplay_a=${nonce.slice(0, half)}; __gpuplay_b=${nonce.slice(half)}\n`
}

export interface FrameOptions {
  readonly light: boolean
  /** Whether the script may call `gp_say`. */
  readonly says: boolean
  /** Definitions that the shell does not know yet. */
  readonly helpers: readonly ShellHelper[]
  readonly stdin?: Buffer
}

/**
 * The commands that define the missing helpers, and the one that runs the script.
 * @throws Error if the script contains a NUL, which no shell can read
 */
export function frameText(sequence: number, script: string, options: FrameOptions): string {
  const { light, says, helpers, stdin } = options
  const definitions = helpers.map((helper) => `eval ${alwaysQuote(helper.text)}\n`)
  const payload = stdin === undefined ? '' : ` ${printfFormat(stdin)}`
  const command = light ? '__gpuplay_light' : '__gpuplay_frame'
  const flag = says ? 'say' : 'mute'
  return `${definitions.join('')}${command} ${sequence} ${flag} ${alwaysQuote(script)}${payload}\n`
}

function alwaysQuote(script: string): string {
  const word = quote(script)
  return word === script ? `'${word}'` : word
}

/**
 * Encodes bytes as a quoted format for the shell's own `printf`: no process is needed, and no argument vector
 * shows them.
 */
export function printfFormat(bytes: Buffer): ShellText {
  const pieces: string[] = []
  for (const byte of bytes) {
    const plain = (byte >= 0x30 && byte <= 0x7e && byte !== 0x5c) || byte === 0x20 || byte === 0x0a
    // Everything else, including `%`, quotes, `-` and backslashes, becomes three octal digits.
    pieces.push(plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`)
  }
  return quote(pieces.join(''))
}
