/** Texts of files with bytes that are not UTF-8: these become U+FFFD in the text, and a change would destroy them. */
import { isUtf8 } from 'node:buffer'
import type { Problem } from '../base/errors.ts'

const newline = 0x0a

/** The first line with bytes that are not UTF-8, from 1; undefined if there is none. */
export function lossyLineOf(bytes: Buffer): number | undefined {
  if (isUtf8(bytes)) return undefined
  let line = 1
  for (let from = 0; ; line += 1) {
    const at = bytes.indexOf(newline, from)
    if (!isUtf8(bytes.subarray(from, at < 0 ? bytes.length : at)) || at < 0) return line
    from = at + 1
  }
}

/** Whether a text may contain the substitute of such bytes. */
export function mayBeLossy(text: string): boolean {
  return text.includes('\u{fffd}')
}

export function notUtf8(path: string, line: number): Problem & { readonly hint: string } {
  return {
    code: 'not-utf8',
    message: `line ${line} of ${path} has bytes that are not UTF-8, which a change would destroy`,
    hint: 'write that line again in UTF-8, or convert the file with iconv',
  }
}
