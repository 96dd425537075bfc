import type { Brand } from './brand.ts'
import { HostError } from './errors.ts'

/**
 * Text that is safe to run in a POSIX shell: built here from quoted words and our own fragments, never by
 * concatenation.
 */
export type ShellText = Brand<string, 'ShellText'>

/**
 * Quotes one word for a POSIX shell. Works in dash, bash and busybox alike.
 * @throws HostError for a NUL character, which no argument can contain; it comes from the output of a host
 */
export function quote(word: string): ShellText {
  if (word.includes('\0'))
    throw invalidValue('a value contains a NUL character, which cannot be passed to a program')
  if (/^[A-Za-z0-9_\-./:=@%+,]+$/.test(word)) return word as ShellText
  return `'${word.replaceAll("'", `'\\''`)}'` as ShellText
}

/** A command line from an argument vector, every word quoted. */
export function commandLine(argv: readonly string[]): ShellText {
  return argv.map(quote).join(' ') as ShellText
}

/** A script of ours: the template's own text is code; every `${}` is quoted unless it is made by `raw`. */
export function sh(
  strings: TemplateStringsArray,
  ...values: readonly (string | number | RawShell)[]
): ShellText {
  let text = strings[0] ?? ''
  values.forEach((value, index) => {
    text += value instanceof RawShell ? value.text : quote(String(value))
    text += strings[index + 1] ?? ''
  })
  return text as ShellText
}

export class RawShell {
  readonly text: ShellText
  constructor(text: ShellText) {
    this.text = text
  }
}

/** Inserts a script into another without quoting. */
export function raw(text: ShellText): RawShell {
  return new RawShell(text)
}

/** The error for a value that turns out during the run to be invalid for any host. */
export function invalidValue(message: string): HostError {
  return new HostError({
    code: 'invalid-value',
    message,
    hint: 'check where the value comes from, such as the output of an earlier task',
  })
}
