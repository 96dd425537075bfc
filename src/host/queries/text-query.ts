/** Reads many files with two processes: one reports their kinds and sizes, the other prints them. */
import type { ShellHelper } from '../../connection/connection.ts'
import { sh } from '../../base/shell.ts'
import { count, whyMissing } from './query.ts'

/** The maximum size of a text, in bytes. */
export const largestText = 1024 * 1024

/**
 * `gp_texts PATH...` prints path, raw mode (hex) and size of every existing file, each terminated by NUL; an
 * empty word; the paths of empty files; an empty word; then the other files as `head -v` prints them. A file
 * that the kernel generates on reading may have the size 0, so the shell reads a word of it.
 */
export const textsHelper: ShellHelper = {
  name: 'gp_texts 1',
  text: sh`gp_texts() {
stat -L --printf '%n\\0%f\\0%s\\0' -- "$@"
printf '\\0'
for _gp_p in "$@"; do
shift
if [ ! -f "$_gp_p" ]; then continue; fi
if [ -s "$_gp_p" ]; then set -- "$@" "$_gp_p"; continue; fi
_gp_x=unread
if { read -r _gp_x <"$_gp_p"; } 2>/dev/null || [ -n "$_gp_x" ]; then continue; fi
printf '%s\\0' "$_gp_p"
done
printf '\\0'
[ $# = 0 ] || head -v -c ${largestText + 1} -- "$@"
}`,
}

/** The result for one path: its bytes, its kind if it is not a file, or `unclear`: to be read again alone. */
export type TextFound =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'absent' | 'directory' | 'pipe' | 'tooLong' | 'unclear' }

/**
 * Parses the output of `gp_texts`. Returns contents only if all lengths fit. If one file changed between the
 * two programs, all are unclear, since its content could imitate the others.
 */
export function parseTexts(stdout: Buffer, stderr: Buffer, paths: readonly string[]): readonly TextFound[] {
  const { words: records, rest } = wordsUntilEmpty(stdout)
  const { words: empty, rest: printed } = wordsUntilEmpty(rest)
  const sizes = new Map<string, number>()
  const kinds = new Map<string, number>()
  for (let index = 0; index + 2 < records.length; index += 3) {
    const path = records[index] ?? ''
    kinds.set(path, Number.parseInt(records[index + 1] ?? '', 16) >> 12)
    sizes.set(path, count(records[index + 2]) ?? Number.NaN)
  }
  const contents = parseHead(
    printed,
    [...new Set(paths)].filter((path) => kinds.get(path) === 0x8 && (sizes.get(path) ?? 0) > 0),
    sizes,
  )
  const complaints = stderr.toString('utf8')
  return paths.map((path) => {
    const kind = kinds.get(path)
    if (kind === undefined) return { kind: whyMissing(path, complaints) === 'absent' ? 'absent' : 'unclear' }
    if (kind === 0x4) return { kind: 'directory' }
    if (kind === 0x1) return { kind: 'pipe' }
    if (kind !== 0x8) return { kind: 'unclear' }
    if (sizes.get(path) === 0)
      return empty.includes(path) ? { kind: 'bytes', bytes: Buffer.alloc(0) } : { kind: 'unclear' }
    const bytes = contents.get(path)
    if (bytes === undefined) return { kind: 'unclear' }
    return bytes.length > largestText ? { kind: 'tooLong' } : { kind: 'bytes', bytes }
  })
}

/** The contents by path that `head -v` printed; none if the sizes do not account for every byte. */
function parseHead(
  printed: Buffer,
  paths: readonly string[],
  sizes: ReadonlyMap<string, number>,
): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>()
  let at = 0
  for (const path of paths) {
    const header = Buffer.from(`${at === 0 ? '' : '\n'}==> ${path} <==\n`)
    // The file is gone or unreadable: the next header belongs to the next file.
    if (!printed.subarray(at, at + header.length).equals(header)) continue
    const start = at + header.length
    const end = start + Math.min(sizes.get(path) ?? 0, largestText + 1)
    contents.set(path, printed.subarray(start, end))
    at = end
  }
  return at === printed.length ? contents : new Map()
}

/** The words before the first empty one, and the rest; no words if none is empty. */
function wordsUntilEmpty(bytes: Buffer): { words: readonly string[]; rest: Buffer } {
  // The first word may be empty.
  const end = bytes[0] === 0 ? 0 : bytes.indexOf('\0\0') + 1
  if (end === 0 && bytes[0] !== 0) return { words: [], rest: Buffer.alloc(0) }
  const words = bytes.toString('utf8', 0, end).split('\0').slice(0, -1)
  return { words, rest: bytes.subarray(end + 1) }
}
