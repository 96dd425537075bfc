/** The forms in which programs print a text: all of them are searched for. */
import { quote } from './shell.ts'

export interface Form {
  readonly text: string
  /** Programs may wrap it into lines (`base64`). */
  readonly wraps: boolean
}

/** A shorter text would match everywhere. */
export const shortest = 4

/**
 * Returns every form of a secret, the plain text included; no forms if the text is too short to search for.
 */
export function formsOf(secret: string): readonly Form[] {
  const forms = new Map<string, Form>()
  const add = (text: string, wraps = false): void => {
    if (Array.from(text).length >= shortest && !forms.has(text)) forms.set(text, { text, wraps })
  }
  // A YAML text block ends with a line end, which most programs drop.
  for (const base of new Set([secret, secret.trim()])) {
    if (Array.from(base).length < shortest) continue
    for (const cased of new Set([base, base.toUpperCase(), base.toLowerCase()])) {
      add(cased)
      for (const written of jsonForms(cased)) add(written)
      for (const written of [...shellForms(cased), ...markupForms(cased), ...urlForms(cased)]) {
        add(written)
        // `debug: {var: result}` and other tools show output as JSON.
        for (const quoted of jsonForms(written)) add(quoted)
      }
      // JSON is the text most often encoded.
      for (const text of new Set([cased, ...jsonForms(cased)]))
        for (const encoded of base64Forms(text)) add(encoded, true)
    }
  }
  for (const line of secret.split(/\r?\n/)) if (isToken(line)) add(line)
  return [...forms.values()]
}

/** A line of a private key is unique; one such as "enabled: true" would match everywhere. */
function isToken(line: string): boolean {
  return /^[A-Za-z0-9+/=_-]{32,}$/.test(line)
}

/**
 * Inside JSON quotes: as JavaScript writes it, in ASCII as Python does, with `\/` as PHP does, and JSON
 * inside JSON.
 */
function jsonForms(text: string): readonly string[] {
  const inside = (value: string): string => JSON.stringify(value).slice(1, -1)
  const plain = inside(text)
  const ascii = plain.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return [plain, ascii, plain.replaceAll('/', '\\/'), inside(plain), inside(ascii)]
}

/**
 * In single quotes as gpuplay and Python write it, in double quotes, with backslashes (`printf %q`), and as
 * `ls` and `set -x` do.
 */
function shellForms(text: string): readonly string[] {
  const ours = text.includes('\0') ? text : quote(text)
  return [
    ours.startsWith("'") ? ours.slice(1, -1) : ours,
    text.replaceAll("'", `'"'"'`),
    text.replaceAll(/[\\"$`]/g, String.raw`\$&`),
    text.replaceAll(/[^\w\-./:=@%+,\u0080-\uffff]/g, String.raw`\$&`),
    text.replaceAll(/[\\']/g, String.raw`\$&`),
  ]
}

/** In HTML and XML, as Python, PHP and Go write it, and in single quotes of YAML and SQL. */
function markupForms(text: string): readonly string[] {
  const markup = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const quoted = markup.replaceAll('"', '&quot;')
  return [
    markup,
    quoted,
    ...['&#x27;', '&#39;', '&#039;', '&apos;'].map((mark) => quoted.replaceAll("'", mark)),
    markup.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
    text.replaceAll("'", "''"),
  ]
}

function urlForms(text: string): readonly string[] {
  const component = percentEncoded(text, /[^A-Za-z0-9\-_.!~*'()]/gu)
  const strict = percentEncoded(text, /[^A-Za-z0-9\-_.~]/gu)
  const userinfo = percentEncoded(text, /[^A-Za-z0-9\-_.!~*'();=+$,&]/gu)
  const form = percentEncoded(text, /[^A-Za-z0-9*\-._ ]/gu).replaceAll(' ', '+')
  const all = [component, strict, userinfo, form, strict.replaceAll('%20', '+')]
  return [...all, ...all.map((upper) => upper.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))]
}

/** Half a surrogate pair becomes the replacement character, as everywhere else. */
function percentEncoded(text: string, special: RegExp): string {
  return text.replaceAll(special, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  )
}

/**
 * Base64 of a text that contains the secret. The result depends on where the secret starts in a group of
 * three bytes. The characters at both ends also depend on the neighbours and are left out.
 */
function base64Forms(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  const standard = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6)]
    return encoded.slice(from, to)
  })
  return standard.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
}
