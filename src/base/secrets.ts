/**
 * The book of secrets of a run: filled where they are born (variables, arguments, passwords that were typed), asked by whatever shows something.
 *
 * Secrets are opaque by type (`secret.ts`) until they reach their destination. What comes back from a host may still quote them, so their texts and the
 * forms that programs give them are looked for as well.
 */
import { type Form, formsOf } from './secret-forms.ts'
import { Secret } from './secret.ts'

export interface Secrets {
  /** From now on its parts are never shown. Texts of fewer than four characters are not looked for: they would blank out everything. */
  add(secret: Secret): void
  /** The same for what an author has put where others can read it, and wants hidden here all the same (`no_log`): it does not expose a text. */
  hide(secret: Secret): void
  /** The same value with every known secret replaced, in keys of objects too, but for what is under the keys to keep; what holds none is the same object. */
  redact<T>(value: T, keep?: ReadonlySet<string>): T
  /** Whether a text holds a known secret in any form. */
  holds(text: string): boolean
  /**
   * Whether a text must not be where others can read it: it holds a known secret that is long enough not to be there by chance. A word like "root" that
   * is somebody's password does not keep it from command lines.
   */
  exposes(text: string): boolean
}

const replacement = '(secret)'

/** Characters of a secret that is not in a text by chance. */
const leastTelling = 6

export function createSecrets(): Secrets {
  const index = new FormIndex()
  const telling = new FormIndex()
  const clean = (text: string): string => {
    const shown = replaceSpans(text, [...index.spans(text), ...urlPasswords(text)])
    // A program that colours what it prints puts escape sequences into the middle; views take them out afterwards.
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

/** Forms by their first characters, so that a text is walked once however many secrets there are. */
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

  /** Where a form stands; of those that begin at one place the longest. */
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

/** Where the form ends that begins at this place; the place itself when it does not stand there. */
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

/** The length of line ends at a place, also as JSON writes them. */
function lineEndAt(text: string, at: number): number {
  const lineEnds = /(?:\r|\n|\\r|\\n)*/y
  lineEnds.lastIndex = at
  return lineEnds.exec(text)?.[0].length ?? 0
}

/** The password in the address `https://ann:sesame@host/`, whoever wrote it: passwords are never part of what has to be seen of an address. */
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

/** As views print it. */
function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
  return text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}

/** The value with its texts and keys cleaned; the same object where nothing changed. */
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

/** Two keys that held secrets stay two. */
function free(key: string, taken: Set<string>): string {
  let name = key
  for (let count = 2; taken.has(name); count += 1) name = `${key} ${count}`
  taken.add(name)
  return name
}
