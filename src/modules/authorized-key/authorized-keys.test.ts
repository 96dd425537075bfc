import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { keysIn, type KeysRequest, parseKey, type PublicKey, withKeys } from './authorized-keys.ts'

const a: PublicKey = { options: '', type: 'ssh-ed25519', blob: 'AAAA', comment: 'alice' }
const b: PublicKey = { ...a, blob: 'BBBB', comment: '' }

test('a line is read with its options, type, key and comment', () => {
  for (const [line, key] of [
    ['ssh-ed25519 AAAA alice', a],
    ['  ssh-ed25519   BBBB', b],
    [
      'no-pty,command="echo \\"a b\\"" ssh-ed25519 AAAA alice',
      { ...a, options: 'no-pty,command="echo \\"a b\\""' },
    ],
    ['sk-ssh-ed25519@openssh.com AAAA a b', { ...a, type: 'sk-ssh-ed25519@openssh.com', comment: 'a b' }],
    ['ecdsa-sha2-nistp256 AAAA= ', { ...b, type: 'ecdsa-sha2-nistp256', blob: 'AAAA=' }],
    ['# ssh-ed25519 AAAA', undefined],
    ['/root/.ssh/id.pub', undefined],
    ['-----BEGIN OPENSSH PRIVATE KEY-----', undefined],
    ['', undefined],
  ] as const)
    assert.deepEqual(parseKey(line), key, line)
})

test('an argument has one key on each line', () => {
  assert.deepEqual(keysIn('# mine\n\nssh-ed25519 AAAA alice\r\nssh-ed25519 BBBB\n'), [a, b])
  assert.deepEqual(keysIn('ssh-ed25519 AAAA\nnothing here'), { wrong: 'nothing here' })
})

const base: KeysRequest = { keys: [a], state: 'present', exclusive: false }

for (const [says, text, request, after] of [
  ['is added', '# c\nssh-rsa CCCC', {}, '# c\nssh-rsa CCCC\nssh-ed25519 AAAA alice\n'],
  [
    'gets another comment',
    'ssh-ed25519 AAAA old\nssh-rsa CCCC\n',
    {},
    'ssh-ed25519 AAAA alice\nssh-rsa CCCC\n',
  ],
  [
    'gets options',
    'ssh-ed25519 AAAA alice\n',
    { keys: [{ ...a, options: 'no-pty' }] },
    'no-pty ssh-ed25519 AAAA alice\n',
  ],
  ['is kept', 'ssh-ed25519 AAAA alice', {}, 'ssh-ed25519 AAAA alice'],
  ['is there once', 'ssh-ed25519 AAAA alice\nssh-ed25519 AAAA x\n', {}, 'ssh-ed25519 AAAA alice\n'],
  ['is the only one', '# c\nssh-rsa CCCC\n', { exclusive: true }, '# c\nssh-ed25519 AAAA alice\n'],
  [
    'is removed with any comment',
    'no-pty ssh-ed25519 AAAA x\nssh-rsa CCCC\n',
    { state: 'absent' },
    'ssh-rsa CCCC\n',
  ],
] as const) {
  test(`a key ${says}`, () => assert.equal(withKeys(text, { ...base, ...request }), after))
}

test('law: a second edit changes nothing', () => {
  const line = fc.constantFrom(
    'ssh-ed25519 AAAA x',
    'no-pty ssh-ed25519 AAAA',
    'ssh-rsa CCCC',
    '# c',
    '',
    'x',
  )
  const request = fc.record({
    keys: fc.array(fc.constantFrom(a, b, { ...a }), { minLength: 1, maxLength: 3 }),
    state: fc.constantFrom('present' as const, 'absent' as const),
    exclusive: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), request, (lines, wanted) => {
      const once = withKeys(lines.join('\n'), wanted)
      assert.equal(withKeys(once, wanted), once)
    }),
  )
})
