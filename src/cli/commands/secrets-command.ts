import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { defined } from '../../base/defined.ts'
import { exitCodes, InputError, type Problem } from '../../base/errors.ts'
import { readRegularFile } from '../../base/regular-file.ts'
import type { Keyring } from '../../language/encrypted/keyring.ts'
import { LockedError } from '../../language/encrypted/locked-error.ts'
import { formatNames, lockedFile, opened, sealedFormat } from '../../language/encrypted/sealed.ts'
import { didYouMean } from '../../language/suggest.ts'
import { configured } from '../configuration.ts'
import type { Context } from '../context.ts'
import type { VaultFlags } from '../flags.ts'
import { keyedFiles } from '../keyed-files.ts'
import { editPrivately } from '../private-edit.ts'
import { replaceFile } from '../replace-file.ts'
import { replaced, sealed, taggedValues, wholeText } from '../sealed-text.ts'
import { reportProblems } from '../show.ts'

export interface SecretsFlags extends VaultFlags {
  readonly recipient?: readonly string[]
  readonly values: boolean
}

/** What one call works with. */
interface Work {
  readonly context: Context
  readonly keys: Keyring
  /** @throws InputError if there are none */
  readonly recipients: () => readonly string[]
  readonly values: boolean
}

/** Size limit of the files, in bytes. */
const largest = 8 * 1024 * 1024

const actions: Readonly<Record<string, (work: Work, path: string) => Promise<void> | void>> = {
  encrypt,
  decrypt,
  edit,
  rotate,
  keygen,
}

/** `gpuplay secrets encrypt|decrypt|edit|rotate|keygen FILE...` */
export async function secretsCommand(this: Context, flags: SecretsFlags, ...words: string[]): Promise<void> {
  try {
    const [action = '', ...paths] = words
    const act = Object.hasOwn(actions, action) ? actions[action] : undefined
    if (act === undefined) throw new InputError([unknownAction(action)])
    if (paths.length === 0) throw new InputError([noFile(action)])
    const configuration = configured(this, {}, paths)
    const { keys } = await keyedFiles(this, { ...flags, ...configuration })
    const recipients = flags.recipient ?? configuration.ageRecipients ?? []
    const work: Work = {
      context: this,
      keys,
      recipients: () => (recipients.length > 0 ? recipients : refuse(noRecipients)),
      values: flags.values,
    }
    for (const path of paths) await onFile(work, path, act)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

async function onFile(work: Work, path: string, act: (typeof actions)[string]): Promise<void> {
  try {
    await act(work, path)
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    throw new InputError([lockedFile(path, error)])
  }
}

function refuse(problem: Problem): never {
  throw new InputError([problem])
}

function unknownAction(action: string): Problem {
  return {
    code: 'unknown-action',
    message: `gpuplay secrets has no action ${JSON.stringify(action)}`,
    ...defined({
      hint: didYouMean(action, Object.keys(actions), `the actions are ${Object.keys(actions).join(', ')}`),
    }),
  }
}

function noFile(action: string): Problem {
  return {
    code: 'no-file',
    message: `gpuplay secrets ${action} needs the name of a file`,
    hint: `write gpuplay secrets ${action} FILE`,
  }
}

const noRecipients: Problem = {
  code: 'no-recipients',
  message: 'there are no recipients to encrypt for',
  hint: 'write their public keys into gpuplay.yml (age_recipients: [age1...]), or use --recipient',
}

function read({ context }: Work, path: string): Buffer {
  const found = readRegularFile(resolve(context.world.workingDirectory, path), largest)
  if (found.kind === 'bytes') return found.bytes
  return refuse(
    found.kind === 'missing'
      ? { code: 'missing-file', message: `there is no file "${path}"`, hint: 'check the path' }
      : { code: 'unreadable-file', message: `cannot read "${path}": ${found.why}`, hint: found.hint },
  )
}

function write({ context: { world } }: Work, path: string, text: string): void {
  replaceFile(resolve(world.workingDirectory, path), text, world.randomHex)
}

async function encrypt(work: Work, path: string): Promise<void> {
  const bytes = read(work, path)
  const format = sealedFormat(bytes)
  if (format !== undefined)
    refuse({
      code: 'already-encrypted',
      message: `"${path}" is already encrypted with ${formatNames[format]}`,
      hint: 'to encrypt it for other recipients, use "gpuplay secrets rotate"',
    })
  const text = bytes.toString('utf8')
  if (!work.values) {
    write(work, path, await sealed(text, work.recipients()))
    work.context.output.write(`encrypted ${path}\n`)
    return
  }
  const values = taggedValues(path, text).filter(
    ({ tag, format: known }) => tag === '!age' && known === undefined,
  )
  if (values.length === 0)
    refuse({
      code: 'nothing-to-encrypt',
      message: `"${path}" has no values to encrypt`,
      hint: 'write !age before each: "db_password: !age sesame"',
    })
  write(work, path, await withSealed(work, path, text))
  work.context.output.write(
    `encrypted ${values.length} ${values.length === 1 ? 'value' : 'values'} of ${path}\n`,
  )
}

/** Encrypts the values tagged `!age` that are not encrypted yet. */
function withSealed({ recipients }: Work, path: string, text: string): Promise<string> {
  return replaced(text, taggedValues(path, text), async ({ tag, format, text: plain }) =>
    tag === '!age' && format === undefined ? { tag, text: await sealed(plain, recipients()) } : undefined,
  )
}

async function decrypt(work: Work, path: string): Promise<void> {
  const bytes = read(work, path)
  const whole = wholeText(bytes, work.keys)
  if (whole !== undefined) {
    work.context.output.write(whole)
    return
  }
  const text = bytes.toString('utf8')
  const values = taggedValues(path, text)
  if (values.every(({ format }) => format === undefined)) refuse(notEncrypted(path))
  work.context.output.write(
    await replaced(text, values, async ({ format, text: content }) =>
      format === undefined
        ? undefined
        : { tag: undefined, text: opened(Buffer.from(content), format, work.keys) },
    ),
  )
}

function notEncrypted(path: string): Problem {
  return {
    code: 'not-encrypted',
    message: `nothing in "${path}" is encrypted with age or Ansible Vault`,
    hint: 'encrypt the file with "gpuplay secrets encrypt", or values tagged !age with --values; for files of sops use sops',
  }
}

/** Encrypts again what is encrypted, also with Ansible Vault, for the recipients of now. */
async function rotate(work: Work, path: string): Promise<void> {
  const bytes = read(work, path)
  const whole = wholeText(bytes, work.keys)
  if (whole !== undefined) {
    write(work, path, await sealed(whole, work.recipients()))
  } else {
    const text = bytes.toString('utf8')
    const values = taggedValues(path, text).filter(({ format }) => format !== undefined)
    if (values.length === 0) refuse(notEncrypted(path))
    const made = await replaced(text, values, async ({ format, text: content }) =>
      format === undefined
        ? undefined
        : {
            tag: '!age',
            text: await sealed(opened(Buffer.from(content), format, work.keys), work.recipients()),
          },
    )
    write(work, path, made)
  }
  const count = work.recipients().length
  work.context.output.write(`encrypted ${path} for ${count} ${count === 1 ? 'recipient' : 'recipients'}\n`)
}

/** Values that the user leaves alone keep their encrypted text. */
async function edit(work: Work, path: string): Promise<void> {
  const { context, keys } = work
  const recipients = work.recipients()
  const isNew = !existsSync(resolve(context.world.workingDirectory, path))
  const bytes = isNew ? undefined : read(work, path)
  if (bytes !== undefined && sealedFormat(bytes) === 'vault') refuse(vaulted(path))
  const whole = bytes === undefined ? '' : wholeText(bytes, keys)
  if (whole !== undefined) {
    const changed = editPrivately(context, path, whole)
    if (isNew ? changed === '' : changed === whole) return unchanged(context, path)
    write(work, path, await sealed(changed, recipients))
  } else {
    const text = (bytes ?? Buffer.alloc(0)).toString('utf8')
    const values = taggedValues(path, text)
    if (values.every(({ format }) => format !== 'age')) refuse(notEncrypted(path))
    const known = new Map<string, string>()
    const plain = await replaced(text, values, async ({ format, text: content }) => {
      if (format !== 'age') return undefined
      const value = opened(Buffer.from(content), format, keys)
      known.set(value, content)
      return { tag: '!age', text: value }
    })
    const changed = await edited(work, path, plain)
    if (changed === plain) return unchanged(context, path)
    const made = await replaced(changed, taggedValues(path, changed), async ({ tag, format, text: value }) =>
      tag === '!age' && format === undefined
        ? { tag, text: known.get(value) ?? (await sealed(value, recipients)) }
        : undefined,
    )
    write(work, path, made)
  }
  context.output.write(`encrypted ${path}\n`)
}

/** Offers to correct a text that is not YAML, so that nothing typed is lost. */
async function edited({ context }: Work, path: string, text: string): Promise<string> {
  let current = text
  for (;;) {
    current = editPrivately(context, path, current)
    try {
      taggedValues(path, current)
      return current
    } catch (error) {
      if (!(error instanceof InputError) || context.confirm === undefined) throw error
      reportProblems(context, error.problems, { color: 'auto' })
      if (!(await context.confirm('Edit it again?'))) throw error
    }
  }
}

function unchanged(context: Context, path: string): void {
  context.output.write(`${path} was not changed\n`)
}

function vaulted(path: string): Problem {
  return {
    code: 'other-format',
    message: `"${path}" is encrypted with Ansible Vault`,
    hint: 'edit it with ansible-vault, or encrypt it with age first: gpuplay secrets rotate',
  }
}

async function keygen({ context }: Work, path: string): Promise<void> {
  const file = resolve(context.world.workingDirectory, path)
  if (existsSync(file))
    refuse({ code: 'already-there', message: `"${path}" already exists`, hint: 'name a new file' })
  const identity = await generateX25519Identity()
  const recipient = await identityToRecipient(identity)
  const created = context.world.now().toISOString()
  replaceFile(
    file,
    `# created: ${created}\n# public key: ${recipient}\n${identity}\n`,
    context.world.randomHex,
  )
  context.output.write(`${recipient}\n`)
}
