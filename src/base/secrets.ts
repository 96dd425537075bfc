/**
 * The secrets of a run: variables, arguments and typed passwords add to it; every output is redacted with it.
 *
 * Secrets are opaque by type (`secret.ts`) until they reach their destination. Output of a host may still
 * quote them, so it is also searched for their texts and the forms in which programs print them.
 */
import { type Form, formsOf } from './secret-forms.ts'
import { Secret } from './secret.ts'

export interface Secrets {
  /**
   * Hides the parts of the secret from now on. Texts of fewer than four characters are not hidden: they match
   * everywhere.
   */
  add(secret: Secret): void
  /**
   * The same for a text that the author exposes on the host but wants hidden here (`no_log`): `exposes`
   * ignores it.
   */
  hide(secret: Secret): void
  /**
   * Replaces every known secret in a value, also in keys of objects, except under the keys in `keep`. Returns
   * the same object if it contains none.
   */
  redact<T>(value: T, keep?: ReadonlySet<string>): T
  /** Whether a text contains a known secret in any form. */
  holds(text: string): boolean
  /**
   * Whether a text would expose a secret if others could read it: it contains a known secret that is too long
   * to occur by chance. A password such as "root" does not keep that word off command lines.
   */
  exposes(text: string): boolean
}

const replacement = '(secret)'

/** A secret of this length does not occur in a text by chance. */
const leastTelling = 6

export function createSecrets(): Secrets {
  const index = new FormIndex()
  const telling = new FormIndex()
  const clean = (text: string): string => {
    const shown = replaceSpans(text, [...index.spans(text), ...urlPasswords(text)])
    // Coloured output may have escape sequences inside a secret; views remove them afterwards.
    const plain = withoutControls(shown)
    return plain === shown || index.spans(plain).length === 0
      ? shown
      : replaceSpans(plain, index.spans(plain))
  }
  return {
    add(secret) {
      for (const part of secret.parts) {
        index.add(part)
        if (part.length >= leastTelling) telling.add(part)
      }
    },
    hide(secret) {
      for (const part of secret.parts) index.add(part)
    },
    redact: (value, keep = new Set()) => changed(value, clean, keep),
    exposes: (text) => telling.spans(text).length > 0 || urlPasswords(text).length > 0,
    holds: (text) => clean(text) !== text,
  }
}

type Span = readonly [from: number, to: number]

/** Forms indexed by their first characters, so that one pass over a text finds all secrets. */
class FormIndex {
  readonly #known = new Set<string>()
  readonly #byStart = new Map<string, Form[]>()

  add(secret: string): void {
    if (this.#known.has(secret)) return
    this.#known.add(secret)
    for (const form of formsOf(secret)) this.#form(form)
  }

  #form(form: Form): void {
    const start = form.text.slice(0, indexed)
    const forms = this.#byStart.get(start)
    if (forms === undefined) this.#byStart.set(start, [form])
    else if (!forms.some(({ text }) => text === form.text)) forms.push(form)
  }

  /** Returns where forms occur; of those that start at the same place, the longest. */
  spans(text: string): readonly Span[] {
    const spans: Span[] = []
    if (this.#byStart.size === 0) return spans
    for (let at = 0; at + indexed <= text.length; at += 1) {
      let end = at
      for (const form of this.#byStart.get(text.slice(at, at + indexed)) ?? [])
        end = Math.max(end, endOf(form, text, at))
      if (end > at) spans.push([at, end])
    }
    return spans
  }
}

const indexed = 4

/** Returns the end of the form that starts at `at`; `at` itself if it does not occur there. */
function endOf({ text: form, wraps }: Form, text: string, at: number): number {
  if (text.startsWith(form, at)) return at + form.length
  if (!wraps) return at
  let end = at
  for (const character of form) {
    end += lineEndAt(text, end)
    if (text[end] !== character) return at
    end += 1
  }
  return end
}

/** Returns the length of the line ends at `at`, also in the form that JSON writes. */
function lineEndAt(text: string, at: number): number {
  const lineEnds = /(?:\r|\n|\\r|\\n)*/y
  lineEnds.lastIndex = at
  return lineEnds.exec(text)?.[0].length ?? 0
}

/** Finds the password in a URL such as `https://ann:sesame@host/`, known or not: it is always hidden. */
function urlPasswords(text: string): readonly Span[] {
  if (!text.includes('@')) return []
  return [
    ...text.matchAll(/\b[a-z][a-z0-9+.-]{0,19}:\/\/[^\s/:@"'<>]{0,256}:([^\s/@"'<>]{1,1024})@/gi),
  ].flatMap((found): Span[] => {
    const [whole, password = ''] = found
    const to = found.index + whole.length - 1
    return password === replacement ? [] : [[to - password.length, to]]
  })
}

/** Spans that overlap become one replacement. */
function replaceSpans(text: string, spans: readonly Span[]): string {
  let result = ''
  let done = 0
  for (const [from, to] of joined(spans)) {
    result += text.slice(done, from) + replacement
    done = to
  }
  return result + text.slice(done)
}

function joined(spans: readonly Span[]): readonly Span[] {
  const result: [number, number][] = []
  for (const [from, to] of [...spans].sort(([left], [right]) => left - right)) {
    const last = result.at(-1)
    if (last !== undefined && from < last[1]) last[1] = Math.max(last[1], to)
    else result.push([from, to])
  }
  return result
}

/** Removes the characters that views remove. */
function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- finds control characters
  return text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}

/** Cleans the texts and keys of a value; returns the same object if nothing changed. */
function changed<T>(value: T, clean: (text: string) => string, keep: ReadonlySet<string>): T
function changed(value: unknown, clean: (text: string) => string, keep: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return clean(value)
  if (value instanceof Secret) return replacement
  if (Array.isArray(value)) {
    const list: unknown[] = value.map((entry: unknown) => changed(entry, clean, keep))
    return list.every((entry, at) => entry === value[at]) ? value : list
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const taken = new Set<string>()
  const result = entries.map(([key, entry]): [string, unknown] => [
    free(clean(key), taken),
    keep.has(key) ? entry : changed(entry, clean, keep),
  ])
  const same = result.every(([key, entry], at) => key === entries[at]?.[0] && entry === entries[at]?.[1])
  return same ? value : Object.fromEntries(result)
}

/** Keys that become equal after redaction stay separate. */
function free(key: string, taken: Set<string>): string {
  let name = key
  for (let count = 2; taken.has(name); count += 1) name = `${key} ${count}`
  taken.add(name)
  return name
}
