/** Encrypts and decrypts texts for `gpuplay secrets`: whole files, and values tagged `!age` in YAML. */
import { armor, Encrypter } from 'age-encryption'
import { isCollection, type Node, parseDocument, visit } from 'yaml'
import { InputError } from '../base/errors.ts'
import { ageText } from '../language/encrypted/age.ts'
import type { Keyring } from '../language/encrypted/keyring.ts'
import { opened, type SealedFormat, sealedFormat } from '../language/encrypted/sealed.ts'
import { vaultHeader } from '../language/encrypted/vault.ts'
import { SourceFile } from '../language/source.ts'
import { readYaml } from '../language/yaml.ts'

/** Encrypts for recipients. @throws InputError for a recipient that is not one of age */
export async function sealed(text: string, recipients: readonly string[]): Promise<string> {
  const encrypter = new Encrypter()
  for (const recipient of recipients)
    try {
      encrypter.addRecipient(recipient)
    } catch {
      throw new InputError([
        {
          code: 'invalid-recipient',
          message: `${JSON.stringify(recipient)} is not a recipient of age`,
          hint: 'a recipient is a public key, such as age1...; "gpuplay secrets keygen FILE" makes a new pair of keys',
        },
      ])
    }
  return armor.encode(await encrypter.encrypt(text))
}

/** A scalar with one of the tags for encrypted texts. */
interface TaggedValue {
  readonly tag: '!age' | '!vault'
  /** Undefined if it is not encrypted yet. */
  readonly format: SealedFormat | undefined
  readonly text: string
  /** Where the value begins, without its tag, and ends. */
  readonly from: number
  readonly to: number
  readonly flow: boolean
}

/** Returns the tagged values of a YAML text in their order. @throws InputError if it is not YAML */
export function taggedValues(file: string, text: string): readonly TaggedValue[] {
  const { problems } = readYaml(new SourceFile(file, text))
  const wrong = problems.filter(({ code }) => code !== 'not-encrypted')
  if (wrong.length > 0) throw new InputError(wrong)
  const found: TaggedValue[] = []
  const document = parseDocument(text, {
    logLevel: 'error',
    customTags: ['!age', '!vault'].map((tag) => ({ tag, resolve: (value: string) => value })),
  })
  visit(document, {
    Scalar(_key, { tag, range, value }, path) {
      if ((tag !== '!age' && tag !== '!vault') || !range) return
      const content = String(value)
      const flow = path.some(
        (parent) => isCollection(parent) && (parent as Node & { flow?: boolean }).flow === true,
      )
      found.push({ tag, format: formatOf(content), text: content, from: range[0], to: range[1], flow })
    },
  })
  return found
}

function formatOf(text: string): SealedFormat | undefined {
  if (text.trimStart().startsWith(vaultHeader)) return 'vault'
  return ageText(Buffer.from(text)) === undefined ? undefined : 'age'
}

/** Replaces tagged values; `make` returns undefined to leave one as it is. */
export async function replaced(
  text: string,
  values: readonly TaggedValue[],
  make: (value: TaggedValue) => Promise<WrittenScalar | undefined>,
): Promise<string> {
  let result = ''
  let done = 0
  for (const value of values) {
    const made = await make(value)
    if (made === undefined) continue
    const tagAt = text.lastIndexOf(value.tag, value.from)
    const before = text.slice(0, tagAt)
    const indent = /^\s*(?:- +)*/.exec(before.slice(before.lastIndexOf('\n') + 1))?.[0].length ?? 0
    const end = text.slice(value.from, value.to).endsWith('\n') ? '\n' : ''
    const written = scalar(made.text, value.flow ? undefined : ' '.repeat(indent + 2))
    result += text.slice(done, tagAt) + (made.tag === undefined ? '' : `${made.tag} `) + written + end
    done = value.to
  }
  return result + text.slice(done)
}

export interface WrittenScalar {
  readonly tag: '!age' | undefined
  readonly text: string
}

/** Writes a scalar: of several lines as a block, if it may be one. JSON is YAML. */
function scalar(text: string, indent: string | undefined): string {
  const lines = text.replace(/\n$/, '').split('\n')
  const isBlock =
    indent !== undefined &&
    lines.length > 1 &&
    lines.every((line) => /^\S(?:.*\S)?$|^$/.test(line) && !/[^\x20-\x7e]/.test(line))
  if (!isBlock || lines[0] === '' || lines.at(-1) === '') return JSON.stringify(text)
  return `|${text.endsWith('\n') ? '' : '-'}\n${lines.map((line) => (line === '' ? '' : indent + line)).join('\n')}`
}

/** Returns the plain text of an encrypted file; undefined if it is not encrypted as a whole. @throws LockedError */
export function wholeText(bytes: Buffer, keys: Keyring): string | undefined {
  const format = sealedFormat(bytes)
  return format === undefined ? undefined : opened(bytes, format, keys)
}
