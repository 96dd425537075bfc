/**
 * The keys of a run, and what they open. Nothing is read or decrypted before something needs it.
 *
 * Decrypted texts are secrets: they are in the book of secrets before anything can print them.
 */
import { Secret } from '../../base/secret.ts'
import type { Secrets } from '../../base/secrets.ts'
import { AgeThread, ageText } from './age.ts'
import { LockedError } from './locked-error.ts'
import { decryptVault, readVault, type VaultPassword } from './vault.ts'

export interface Keyring {
  /** It opens nothing: every secret is the text "(secret)". */
  readonly isBlind: boolean
  /**
   * Decrypts a text in the format of age, in its text form or as bytes. `tool` chooses the keys: sops has places
   * of its own for them.
   * @throws LockedError
   */
  age(file: Buffer, tool: 'gpuplay' | 'sops'): Buffer
  /** Decrypts a text that `ansible-vault` wrote. @throws LockedError */
  vault(file: string): string
  /** Returns what a program on the machine of gpuplay prints, without its last line end. @throws LockedError */
  output(argv: readonly string[]): Secret
  /** Adds a decrypted text to the book. */
  hide(text: string): Secret
}

/** Where keys are. All are functions, because a run without secrets reads none of them. */
export interface KeySources {
  /** Age identities: the text of each file or variable, with its name. */
  readonly identities: (tool: 'gpuplay' | 'sops') => readonly KeyText[]
  readonly vaultPasswords: () => readonly VaultPassword[]
  /** Runs a program and returns what it prints. @throws LockedError */
  readonly run: (argv: readonly string[]) => string
  readonly book: Pick<Secrets, 'add'>
}

export interface KeyText {
  /** For messages: the path of a file, or the name of a variable. */
  readonly name: string
  readonly text: string
}

export function createKeyring({ identities, vaultPasswords, run, book }: KeySources): Keyring {
  const thread = new AgeThread()
  const opened = new Map<string, Buffer>()
  const texts = new Map<string, string>()
  const outputs = new Map<string, Secret>()
  let passwords: readonly VaultPassword[] | undefined
  const hide = (text: string): Secret => {
    const secret = new Secret(text)
    book.add(secret)
    return secret
  }
  return {
    isBlind: false,
    hide,
    age: (file, tool) =>
      kept(opened, `${tool} ${file.toString('base64')}`, () =>
        openAge(file, identities(tool), { thread, book }),
      ),
    vault: (file) =>
      kept(texts, file, () => {
        const vault = readVault(file)
        passwords ??= vaultPasswords()
        return decryptVault(vault, passwords)
      }),
    output: (argv) => kept(outputs, JSON.stringify(argv), () => hide(run(argv))),
  }
}

function kept<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  known.set(key, made)
  return made
}

function openAge(
  file: Buffer,
  keys: readonly KeyText[],
  { thread, book }: { readonly thread: AgeThread; readonly book: Pick<Secrets, 'add'> },
): Buffer {
  const identities = keys.flatMap(({ name, text }) => identitiesIn(name, text))
  for (const identity of identities) book.add(new Secret(identity))
  const names = keys.map(({ name }) => name).join(', ')
  if (identities.length === 0)
    throw new LockedError(
      keys.length === 0 ? 'gpuplay has no age key' : `there is no age key in ${names}`,
      'name the file with the key in age_identities of gpuplay.yml, or in GPUPLAY_AGE_IDENTITIES',
    )
  const result = thread.decrypt(file, identities)
  if (result.kind === 'decrypted') return result.bytes
  if (result.kind === 'damaged')
    throw new LockedError(`it is damaged: ${result.why}`, 'restore it, for example from version control')
  throw new LockedError(
    `no key in ${names} fits`,
    'use a key that fits, or let somebody who has one add yours with "gpuplay secrets rotate"',
  )
}

/** Returns the identities of a key file, one per line. @throws LockedError for keys of other kinds */
function identitiesIn(name: string, text: string): readonly string[] {
  if (ageText(Buffer.from(text)) !== undefined)
    throw new LockedError(
      `the key file ${name} is itself encrypted`,
      `decrypt it: age --decrypt --output FILE ${name}`,
    )
  if (text.includes('PRIVATE KEY-----'))
    throw new LockedError(
      `${name} is not an age key but another private key`,
      'create an age key with "gpuplay secrets keygen", and encrypt for it',
    )
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.startsWith('AGE-SECRET-KEY-'))
}

/** For places that have no keys. */
export const noKeys: Keyring = createKeyring({
  identities: () => [],
  vaultPasswords: () => [],
  run: () => {
    throw new LockedError('gpuplay runs no programs here', 'use it in a variable or a task')
  },
  book: { add: () => undefined },
})

/** For checks and lists, which need no secrets. */
export const blindKeys: Keyring = {
  isBlind: true,
  age: () => Buffer.from('(secret)'),
  vault: () => '(secret)',
  output: () => new Secret('(secret)'),
  hide: (text) => new Secret(text),
}
