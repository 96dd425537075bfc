import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { revealAll, Secret } from '../../base/secret.ts'
import { createSecrets } from '../../base/secrets.ts'
import { readVariablesFile } from '../read-files.ts'
import { memoryFiles } from '../testing/memory-files.ts'
import type { YamlNode } from '../yaml.ts'
import { createKeyring, type Keyring } from './keyring.ts'
import { sopsFile } from './testing/sops-file.ts'
import { whyLocked } from './testing/why-locked.ts'

const folder = fileURLToPath(new URL('../../../test/data/secrets', import.meta.url))
const key = readFileSync(join(folder, 'age.key'), 'utf8')
const recipient = /public key: (\S+)/.exec(key)?.[1] ?? ''
const plain = {
  app: 'web',
  database: { user: 'ann', password: 'opensesame-7: "quoted"', port: 65_432, ratio: 0.25, tls: true },
  tokens: ['first-token', 'second-token', 12],
  nothing: null,
  empty: '',
}

function keyring(book = createSecrets(), text = key): { readonly keys: Keyring; readonly asked: string[] } {
  const asked: string[] = []
  const keys = createKeyring({
    identities: (tool) => {
      asked.push(tool)
      return [{ name: 'age.key', text }]
    },
    vaultPasswords: () => [],
    run: () => '',
    book,
  })
  return { keys, asked }
}

function rootOf(text: string): YamlNode | undefined {
  const problems: { readonly message: string }[] = []
  const read = readVariablesFile(memoryFiles({ '/vars.yml': text }), '/vars.yml', problems as never[])
  assert.deepEqual(problems, [])
  return read?.root
}

/** The values as variables see them, revealed; texts that are not secret are marked with `=`. */
function values(node: YamlNode | undefined, keys: Keyring): unknown {
  switch (node?.kind) {
    case undefined:
      return undefined
    case 'scalar': {
      const value = node.sealed === undefined ? node.value : node.sealed(keys)
      if (value instanceof Secret) return value.reveal()
      return typeof value === 'string' ? `=${value}` : value
    }
    case 'list':
      return node.items.map((item) => values(item, keys))
    case 'map':
      return Object.fromEntries([...node.entries].map(([name, { value }]) => [name, values(value, keys)]))
  }
}

/** Numbers of an encrypted file are secrets, and secrets are texts. */
const secret = {
  app: 'web',
  database: { user: 'ann', password: 'opensesame-7: "quoted"', port: '65432', ratio: '0.25', tls: true },
  tokens: ['first-token', 'second-token', '12'],
  nothing: null,
  empty: '=',
}

describe('files of sops', () => {
  test('all values are decrypted, in YAML and JSON; the metadata is no variable', async () => {
    for (const format of ['yaml', 'json'] as const) {
      const text = await sopsFile(plain, { recipient, format })
      assert.doesNotMatch(text, /opensesame|65432/)
      assert.deepEqual(values(rootOf(text), keyring().keys), secret)
    }
  })

  test('values that sops left readable stay plain', async () => {
    const text = await sopsFile(plain, { recipient, encrypts: (path) => path.includes('password') })
    assert.deepEqual(values(rootOf(text), keyring().keys), {
      app: '=web',
      database: { ...plain.database, user: '=ann' },
      tokens: ['=first-token', '=second-token', 12],
      nothing: null,
      empty: '=',
    })
  })

  test('the file is read without a key until something reads an encrypted value', async () => {
    const text = await sopsFile(plain, { recipient, encrypts: (path) => path.includes('password') })
    const { keys, asked } = keyring()
    const root = rootOf(text)
    assert.deepEqual(asked, [])
    values(root, keys)
    assert.deepEqual([...new Set(asked)], ['sops'])
  })

  test('decrypted values are hidden', async () => {
    const book = createSecrets()
    values(rootOf(await sopsFile(plain, { recipient })), keyring(book).keys)
    assert.equal(book.redact('opensesame-7: "quoted" at 65432'), '(secret) at (secret)')
  })

  for (const [what, change] of [
    ['a changed readable value', (text: string) => text.replace('ann', 'eve')],
    ['a removed value', (text: string) => text.replace(/^app: .*\n/m, '')],
    ['a changed MAC', (text: string) => text.replace(/^( *mac: ENC\[AES256_GCM,data:).{4}/m, '$1AAAA')],
    ['another time', (text: string) => text.replace('2026-11-22T', '2025-11-22T')],
  ] as const)
    test(`${what} is noticed`, async () => {
      const text = await sopsFile(plain, { recipient, encrypts: (path) => path.includes('password') })
      const changed = change(text)
      assert.notEqual(changed, text)
      assert.match(
        whyLocked(() => values(rootOf(changed), keyring().keys)),
        /^the file was changed without sops: .+ \(restore it, and change it with "sops edit"\)$/,
      )
    })

  test('a moved value is noticed', async () => {
    const text = await sopsFile({ one: 'first-value', two: 'other-value' }, { recipient })
    const swapped = text.replace('one: ', 'x: ').replace('two: ', 'one: ').replace('x: ', 'two: ')
    assert.match(
      whyLocked(() => values(rootOf(swapped), keyring().keys)),
      /a value does not belong here/,
    )
  })

  test('the MAC may cover only the encrypted values', async () => {
    const encrypts = (path: readonly string[]): boolean => path.includes('password')
    const text = await sopsFile(plain, { recipient, encrypts, macOnlyEncrypted: true })
    const changed = values(rootOf(text.replace('ann', 'eve')), keyring().keys)
    assert.deepEqual(changed, {
      app: '=web',
      database: { ...plain.database, user: '=eve' },
      tokens: ['=first-token', '=second-token', 12],
      nothing: null,
      empty: '=',
    })
  })

  test('a missing key names what is needed', async () => {
    const text = await sopsFile(plain, { recipient })
    const other = readFileSync(join(folder, 'other.key'), 'utf8')
    assert.match(
      whyLocked(() => values(rootOf(text), keyring(createSecrets(), other).keys)),
      /^no key in age\.key fits /,
    )
    assert.match(
      whyLocked(() => values(rootOf(text.replace(/^ {2}age:\n( {4,}.*\n)+/m, '')), keyring().keys)),
      /^it is not encrypted for a recipient of age /,
    )
  })

  test('a file with a variable that is called sops is an ordinary one', () => {
    const root = rootOf('sops: { version: 3.9.0 }\n')
    assert.deepEqual(revealAll(values(root, keyring().keys)), { sops: { version: '=3.9.0' } })
  })
})
