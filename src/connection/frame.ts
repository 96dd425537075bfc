import { quote } from '../base/shell.ts'

/**
 * The text of the framed protocol, both directions. Pure: `shell.ts` moves it.
 *
 * Upstream a session starts with `openingText`, then every script is one simple command on the shell's standard input, the script in single
 * quotes, so that a write that breaks off is never run in part. Downstream every script is fenced by marks, each a NUL, the session's
 * 128-bit nonce, a letter, the script's number and a newline:
 *
 *     B n pid parent   on both: script n begins, under the wrapper process `pid` and its parent (0 0 without /proc)
 *     E n code         on both: script n has ended; all it wrote comes before
 *     C n              on both: nothing that script n left running can write here any more
 *
 * The script's stdout and stderr are pipes of its own, relayed by two `cat`. A child that it leaves behind therefore holds those pipes, not
 * the shell's: between E and C its bytes are told apart and dropped, and after C there can be none.
 */
const functions = `
__gpuplay_mark() { printf '\\000%s%s %s\\n' "$__gpuplay_a" "$__gpuplay_b" "$*"; }
__gpuplay_user() { __gpuplay_s=$2; shift $#; eval "$__gpuplay_s"; }
__gpuplay_frame() {
{ { { { read -r __gpuplay_p __gpuplay_x __gpuplay_x __gpuplay_q __gpuplay_x </proc/self/stat; } 2>/dev/null
__gpuplay_mark B "$1" "$__gpuplay_p" "$__gpuplay_q"; __gpuplay_mark B "$1" "$__gpuplay_p" "$__gpuplay_q" >&2
if [ $# = 3 ]; then printf "$3" 2>/dev/null | ( __gpuplay_user "$@" ); else ( __gpuplay_user "$@" ) </dev/null; fi
set -- "$1" $?
__gpuplay_mark E "$@"; __gpuplay_mark E "$@" >&2
} 2>&3 3>&- 4>&- | cat >&4 3>&- 4>&-; } 3>&1 | cat >&2 4>&-; } 4>&1
__gpuplay_mark C "$1"; __gpuplay_mark C "$1" >&2
}
`

/** Set once per shell, so that scripts find the same environment on every host and through every kind of connection. */
const environment = `
for __gpuplay_x in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
case ":$PATH:" in *":$__gpuplay_x:"*) ;; *) PATH=\${PATH:+$PATH:}$__gpuplay_x ;; esac; done
LC_ALL=C.UTF-8; export PATH LC_ALL; unset LANGUAGE CDPATH; umask 022
`

/** What the first frame runs; `readGreeting` (shell.ts) reads what it prints. `$$` is the long-lived shell itself, also in a subshell. */
export const greetingScript = `uname -r; uname -m; uname -n; id -u; echo $$
{ read -r __gpuplay_x </proc/sys/kernel/random/boot_id; } 2>/dev/null && echo "$__gpuplay_x"; :`

/** The session's first bytes. The nonce travels in two pieces, so that an echo of our own text is never taken for a mark. */
export function openingText(nonce: string): string {
  const half = nonce.length / 2
  // One compound command on the last line: nothing of it runs unless all of it arrived.
  const variables = `__gpuplay_a=${nonce.slice(0, half)}; __gpuplay_b=${nonce.slice(half)}`
  return `eval ${quote(`${variables}${environment}${functions}`)}\n`
}

/**
 * The command that runs one script.
 * @throws Error when the script holds a NUL, which no shell can read.
 */
export function frameText(sequence: number, script: string, stdin?: Buffer): string {
  const payload = stdin === undefined ? '' : ` ${printfFormat(stdin)}`
  return `__gpuplay_frame ${sequence} ${alwaysQuote(script)}${payload}\n`
}

function alwaysQuote(script: string): string {
  const word = quote(script)
  return word === script ? `'${word}'` : word
}

/** Bytes as a quoted format of the shell's own `printf`: no program is needed, and no argument vector shows them. */
function printfFormat(bytes: Buffer): string {
  const pieces: string[] = []
  for (const byte of bytes) {
    const plain = (byte >= 0x30 && byte <= 0x7e && byte !== 0x5c) || byte === 0x20 || byte === 0x0a
    // Everything else, `%`, quotes, `-` and backslashes among it, travels as three octal digits.
    pieces.push(plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`)
  }
  return `'${pieces.join('')}'`
}

export type Mark =
  | { readonly kind: 'begin'; readonly sequence: number; readonly wrapper: number; readonly relayed: number }
  | { readonly kind: 'end'; readonly sequence: number; readonly code: number }
  | { readonly kind: 'closed'; readonly sequence: number }

/** The longest text after the nonce that is still a mark. */
const longestMark = 64

/**
 * Finds the marks in one stream, however its chunks are cut.
 * `data` gets every byte that is not part of a mark, in order; `mark` is called between them.
 */
export class MarkScanner {
  readonly #needle: Buffer
  readonly #sink: { data(bytes: Buffer): void; mark(mark: Mark): void }
  #held: Buffer = Buffer.alloc(0)

  constructor(nonce: string, sink: { data(bytes: Buffer): void; mark(mark: Mark): void }) {
    this.#needle = Buffer.from(`\0${nonce} `, 'latin1')
    this.#sink = sink
  }

  push(chunk: Buffer): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = Buffer.alloc(0)
    while (rest.length > 0) {
      const at = rest.indexOf(this.#needle)
      if (at < 0) {
        const keep = unfinished(rest, this.#needle)
        this.#emit(rest.subarray(0, rest.length - keep))
        this.#held = Buffer.from(rest.subarray(rest.length - keep))
        return
      }
      this.#emit(rest.subarray(0, at))
      const body = rest.subarray(at + this.#needle.length)
      const newline = body.subarray(0, longestMark).indexOf(0x0a)
      if (newline < 0 && body.length < longestMark) {
        this.#held = Buffer.from(rest.subarray(at))
        return
      }
      const mark = newline < 0 ? undefined : parseMark(body.subarray(0, newline).toString('latin1'))
      if (mark === undefined) {
        this.#emit(rest.subarray(at, at + this.#needle.length))
        rest = body
      } else {
        this.#sink.mark(mark)
        rest = body.subarray(newline + 1)
      }
    }
  }

  #emit(bytes: Buffer): void {
    if (bytes.length > 0) this.#sink.data(bytes)
  }
}

/** How many of the last bytes could be the start of `needle`. */
function unfinished(bytes: Buffer, needle: Buffer): number {
  for (let length = Math.min(needle.length - 1, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).equals(needle.subarray(0, length))) return length
  }
  return 0
}

function parseMark(text: string): Mark | undefined {
  const [letter, ...words] = text.split(' ')
  const [sequence = NaN, first = NaN, second = NaN] = words.map((word) =>
    /^\d+$/.test(word) ? Number(word) : NaN,
  )
  if (Number.isNaN(sequence)) return undefined
  if (letter === 'B') return { kind: 'begin', sequence, wrapper: first || 0, relayed: second || 0 }
  if (letter === 'C') return { kind: 'closed', sequence }
  return letter === 'E' && !Number.isNaN(first) ? { kind: 'end', sequence, code: first } : undefined
}
