/** Texts that the real programs encrypted: `test/data/secrets/make.sh`. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createSecrets } from '../../base/secrets.ts'
import { createKeyring, type KeySources } from './keyring.ts'
import { whyLocked } from './testing/why-locked.ts'

const folder = fileURLToPath(new URL('../../../test/data/secrets', import.meta.url))
const bytes = (name: string): Buffer => readFileSync(join(folder, name))
const text = (name: string): string => bytes(name).toString('utf8')

function keyring(given: Partial<KeySources> = {}): ReturnType<typeof createKeyring> {
  return createKeyring({
    identities: () => [],
    vaultPasswords: () => [],
    run: () => '',
    book: createSecrets(),
    ...given,
  })
}

const withAge = (...names: readonly string[]) =>
  keyring({ identities: () => names.map((name) => ({ name, text: text(name) })) })
const withPasswords = (...passwords: readonly (readonly [id: string | undefined, password: string])[]) => {
  const tried: string[] = []
  const keys = keyring({
    vaultPasswords: () =>
      passwords.map(([id, password]) => ({
        id,
        name: password,
        read: () => {
          tried.push(password)
          return password
        },
      })),
  })
  return { keys, tried }
}

describe('age', () => {
  for (const name of ['text.age', 'binary.age'])
    test(`decrypts ${name} of the real program`, () => {
      assert.equal(withAge('other.key', 'age.key').age(bytes(name), 'gpuplay').toString(), text('plain.yml'))
    })

  test('names the keys that do not fit', () => {
    assert.equal(
      whyLocked(() => withAge('other.key').age(bytes('text.age'), 'gpuplay')),
      'no key in other.key fits (use a key that fits, or let somebody who has one add yours with "gpuplay secrets rotate")',
    )
  })

  test('says where a key belongs, if there is none', () => {
    assert.equal(
      whyLocked(() => withAge().age(bytes('text.age'), 'gpuplay')),
      'gpuplay has no age key (name the file with the key in age_identities of gpuplay.yml, or in GPUPLAY_AGE_IDENTITIES)',
    )
    assert.match(
      whyLocked(() => withAge('plain.yml').age(bytes('text.age'), 'gpuplay')),
      /^there is no age key in plain\.yml /,
    )
  })

  test('a changed file is damaged', () => {
    const changed = bytes('binary.age')
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    assert.match(
      whyLocked(() => withAge('age.key').age(changed, 'gpuplay')),
      /^it is damaged: .+ \(restore it/,
    )
  })

  test('refuses key files of other kinds', () => {
    const key = (content: string) =>
      keyring({ identities: () => [{ name: 'id', text: content }] }).age(bytes('text.age'), 'gpuplay')
    assert.match(
      whyLocked(() => key('-----BEGIN OPENSSH PRIVATE KEY-----\n')),
      /^id is not an age key but another private key /,
    )
    assert.match(
      whyLocked(() => key(text('text.age'))),
      /^the key file id is itself encrypted \(decrypt it: age/,
    )
  })
})

describe('Ansible Vault', () => {
  for (const name of ['vault-1.1.yml', 'vault-1.2.yml'])
    test(`decrypts ${name} of the real program`, () => {
      const { keys } = withPasswords([undefined, 'wrong'], [undefined, 'vault-pass-1'])
      assert.equal(keys.vault(text(name)), text('plain.yml'))
    })

  test('tries the password of the same vault ID first', () => {
    const { keys, tried } = withPasswords([undefined, 'wrong'], ['prod', 'other'], ['dev', 'vault-pass-1'])
    assert.equal(keys.vault(text('vault-1.2.yml')), text('plain.yml'))
    assert.deepEqual(tried, ['vault-pass-1'])
  })

  test('reads no password before it decrypts, and decrypts each text once', () => {
    const { keys, tried } = withPasswords([undefined, 'vault-pass-1'])
    assert.deepEqual(tried, [])
    keys.vault(text('vault-1.1.yml'))
    keys.vault(text('vault-1.1.yml'))
    assert.deepEqual(tried, ['vault-pass-1'])
  })

  test('names the passwords that do not fit, and the vault ID', () => {
    const { keys } = withPasswords(['prod', 'wrong'])
    assert.match(
      whyLocked(() => keys.vault(text('vault-1.2.yml'))),
      /^no password fits \(vault ID dev\); tried wrong /,
    )
    assert.match(
      whyLocked(() => withPasswords().keys.vault(text('vault-1.1.yml'))),
      /^there is no password for Ansible Vault \(use --vault-password-file FILE or --ask-vault-pass/,
    )
  })

  test('refuses damaged texts and other versions', () => {
    const { keys } = withPasswords([undefined, 'vault-pass-1'])
    const [header = '', ...rest] = text('vault-1.1.yml').split('\n')
    assert.match(
      whyLocked(() => keys.vault(header.replace('1.1', '1.0'))),
      /^gpuplay reads the versions 1\.1 and 1\.2 of Ansible Vault with AES256, not 1\.0 with AES256 /,
    )
    assert.match(
      whyLocked(() => keys.vault([header, 'xyz'].join('\n'))),
      /^it is damaged: /,
    )
    assert.match(
      whyLocked(() => keys.vault([header, ...rest.slice(1)].join('\n'))),
      /^it is damaged: |^no password fits/,
    )
  })
})

test('what a program prints is asked for once, and hidden', () => {
  const book = createSecrets()
  const ran: (readonly string[])[] = []
  const keys = keyring({
    book,
    run: (argv) => {
      ran.push(argv)
      return 'sesame-5'
    },
  })
  assert.equal(keys.output(['pass', 'show', 'db']).reveal(), 'sesame-5')
  assert.equal(keys.output(['pass', 'show', 'db']).reveal(), 'sesame-5')
  assert.deepEqual(ran, [['pass', 'show', 'db']])
  assert.equal(book.redact('it is sesame-5'), 'it is (secret)')
})
