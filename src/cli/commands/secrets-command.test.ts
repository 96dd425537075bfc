import assert from 'node:assert/strict'
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gpuplay } from '../testing/command-line.ts'

const data = fileURLToPath(new URL('../../../test/data/secrets', import.meta.url))

describe('gpuplay secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-secrets-'))
  const path = (name: string): string => join(folder, name)
  const write = (name: string, text: string): void => writeFileSync(path(name), text)
  const read = (name: string): string => readFileSync(path(name), 'utf8')
  const secrets = (...words: readonly string[]) => gpuplay(folder, ['secrets', ...words])
  const recipient = /public key: (\S+)/.exec(readFileSync(join(data, 'age.key'), 'utf8'))?.[1] ?? ''
  const other = /public key: (\S+)/.exec(readFileSync(join(data, 'other.key'), 'utf8'))?.[1] ?? ''
  /** The editor of the tests is `vi` in the folder, which is first in PATH. */
  const editor = (script: string): void => {
    write('vi', `#!/bin/sh\n${script}\n`)
    chmodSync(path('vi'), 0o755)
  }
  beforeEach(() => {
    for (const name of readdirSync(folder)) rmSync(path(name), { recursive: true })
    for (const name of ['age.key', 'other.key', 'vault-1.1.yml', 'vault-password', 'vault-value.yml'])
      cpSync(join(data, name), path(name))
    write('gpuplay.yml', `age_identities: age.key\nage_recipients: [${recipient}]\n`)
    write('plain.yml', 'db_password: sesame-7\n')
  })
  after(() => rmSync(folder, { recursive: true }))

  test('encrypt replaces the file and keeps its mode; decrypt prints it', async () => {
    chmodSync(path('plain.yml'), 0o640)
    const { exitCode, output } = await secrets('encrypt', 'plain.yml')
    assert.deepEqual([exitCode, output], [0, 'encrypted plain.yml\n'])
    assert.match(read('plain.yml'), /^-----BEGIN AGE ENCRYPTED FILE-----\n/)
    assert.equal(statSync(path('plain.yml')).mode & 0o777, 0o640)
    assert.equal((await secrets('decrypt', 'plain.yml')).output, 'db_password: sesame-7\n')
    assert.match((await secrets('encrypt', 'plain.yml')).errors, /"plain\.yml" is already encrypted with age/)
  })

  test('encrypt --values encrypts tagged values where they are', async () => {
    write(
      'vars.yml',
      `# kept
one: !age "two words: x"
list:
  - !age first-item
  - key: !age |
      line one
      line two
flow: { a: !age inside, b: 2 } # kept too
`,
    )
    const { output, errors } = await secrets('encrypt', '--values', 'vars.yml')
    assert.equal(errors + output, 'encrypted 4 values of vars.yml\n')
    const text = read('vars.yml')
    assert.doesNotMatch(text, /two words|first-item|line one|inside/)
    assert.match(text, /^# kept\none: !age \|-?\n {2}-----BEGIN/)
    assert.match(text, /b: 2 \} # kept too\n$/)
    assert.equal(
      (await secrets('decrypt', 'vars.yml')).output,
      `# kept
one: "two words: x"
list:
  - "first-item"
  - key: |
      line one
      line two
flow: { a: "inside", b: 2 } # kept too
`,
    )
    assert.match(
      (await secrets('encrypt', '--values', 'vars.yml')).errors,
      /"vars\.yml" has no values to encrypt\n.*write !age before each/s,
    )
  })

  test('a run reads what was encrypted', async () => {
    write('vars.yml', 'it: !age "a b"\n')
    await secrets('encrypt', '--values', 'vars.yml')
    write(
      'site.yml',
      `- hosts: localhost\n  tasks:\n    - copy: { content: '{{ it }}', dest: ${path('out')} }\n`,
    )
    const { exitCode, output, errors } = await gpuplay(folder, [
      'run',
      path('site.yml'),
      '-i',
      'localhost,',
      '-e',
      `@${path('vars.yml')}`,
      '--check',
      '--diff',
      '-vv',
    ])
    assert.deepEqual([exitCode, errors], [0, ''])
    assert.doesNotMatch(output, /a b/)
  })

  test('edit shows the plain text in a private file, and encrypts what was written', async () => {
    await secrets('encrypt', 'plain.yml')
    editor(`stat -c '%a %n' "$1" > ${path('seen')}; cat "$1" >> ${path('seen')}; echo 'more: x' >> "$1"`)
    assert.equal((await secrets('edit', 'plain.yml')).output, 'encrypted plain.yml\n')
    const [first = '', ...rest] = read('seen').split('\n')
    assert.match(first, /^600 \/(dev\/shm|tmp)\/gpuplay-\w+\/plain\.yml$/)
    assert.deepEqual(rest, ['db_password: sesame-7', ''])
    assert.equal((await secrets('decrypt', 'plain.yml')).output, 'db_password: sesame-7\nmore: x\n')
    assert.throws(() => statSync(first.slice(4)), /ENOENT/)
  })

  test('edit leaves a file alone that the editor did not change, or if the editor fails', async () => {
    await secrets('encrypt', 'plain.yml')
    const before = read('plain.yml')
    editor(':')
    assert.equal((await secrets('edit', 'plain.yml')).output, 'plain.yml was not changed\n')
    editor('echo x > "$1"; exit 3')
    const { exitCode, errors } = await secrets('edit', 'plain.yml')
    assert.equal(exitCode, 2)
    assert.match(errors, /the editor "vi" failed with exit code 3; nothing was changed/)
    assert.equal(read('plain.yml'), before)
  })

  test('edit encrypts again only the values that were changed', async () => {
    write('vars.yml', 'one: !age first\ntwo: !age second\nthree: 3\n')
    await secrets('encrypt', '--values', 'vars.yml')
    const before = read('vars.yml')
    editor(`sed -i 's/second/changed/; s/3/4/' "$1"`)
    await secrets('edit', 'vars.yml')
    const keptPart = before.slice(0, before.indexOf('two:'))
    assert.ok(read('vars.yml').startsWith(keptPart))
    assert.equal((await secrets('decrypt', 'vars.yml')).output, 'one: "first"\ntwo: "changed"\nthree: 4\n')
  })

  test('edit creates a file that only its owner may read', async () => {
    editor(`echo 'new: x' > "$1"`)
    await secrets('edit', 'new.yml')
    assert.equal(statSync(path('new.yml')).mode & 0o777, 0o600)
    assert.equal((await secrets('decrypt', 'new.yml')).output, 'new: x\n')
  })

  test('rotate encrypts for other recipients, also what ansible-vault wrote', async () => {
    await secrets('encrypt', 'plain.yml')
    write('mixed.yml', `plain: 1\n${read('vault-value.yml')}\n`)
    const files = ['plain.yml', 'vault-1.1.yml', 'mixed.yml']
    const { output, errors } = await secrets(
      'rotate',
      ...files,
      '--recipient',
      other,
      '--vault-password-file',
      'vault-password',
    )
    assert.equal(errors + output, files.map((name) => `encrypted ${name} for 1 recipient\n`).join(''))
    assert.match(
      (await secrets('decrypt', 'plain.yml')).errors,
      /cannot decrypt "plain\.yml": no key in .*age\.key fits/,
    )
    write('gpuplay.yml', 'age_identities: [other.key]\n')
    assert.equal((await secrets('decrypt', 'plain.yml')).output, 'db_password: sesame-7\n')
    assert.equal(
      (await secrets('decrypt', 'vault-1.1.yml')).output,
      readFileSync(join(data, 'plain.yml'), 'utf8'),
    )
    assert.equal((await secrets('decrypt', 'mixed.yml')).output, 'plain: 1\napi_token: "tok & \\"en\\""\n')
  })

  test('keygen writes a private key and prints the public one', async () => {
    const { output } = await secrets('keygen', 'new.key')
    assert.match(output, /^age1[0-9a-z]+\n$/)
    assert.match(read('new.key'), /^# created: .*\n# public key: age1\w+\nAGE-SECRET-KEY-1[0-9A-Z]+\n$/)
    assert.equal(statSync(path('new.key')).mode & 0o777, 0o600)
    assert.match((await secrets('keygen', 'new.key')).errors, /"new\.key" already exists/)
  })

  for (const [what, words, message] of [
    ['an unknown action', ['decrpt', 'x'], /no action "decrpt".*did you mean "?decrypt"?/s],
    ['no file', ['edit'], /gpuplay secrets edit needs the name of a file/],
    ['a missing file', ['decrypt', 'none.yml'], /there is no file "none\.yml"/],
    ['a plain file', ['decrypt', 'plain.yml'], /nothing in "plain\.yml" is encrypted/],
    ['a wrong recipient', ['encrypt', 'plain.yml', '-r', 'age1x'], /"age1x" is not a recipient of age/],
    [
      'a file of ansible-vault to edit',
      ['edit', 'vault-1.1.yml'],
      /is encrypted with Ansible Vault\n.*rotate/s,
    ],
  ] as const)
    test(`refuses ${what}`, async () => {
      const before = read('plain.yml')
      const { exitCode, errors } = await secrets(...words)
      assert.equal(exitCode, 2)
      assert.match(errors, message)
      assert.equal(read('plain.yml'), before)
    })

  test('without recipients nothing is encrypted', async () => {
    write('gpuplay.yml', 'age_identities: age.key\n')
    const { errors } = await secrets('encrypt', 'plain.yml')
    assert.match(errors, /there are no recipients to encrypt for\n.*age_recipients: \[age1\.\.\.\]/s)
    assert.equal(read('plain.yml'), 'db_password: sesame-7\n')
  })
})
