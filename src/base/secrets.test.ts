import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Secret } from './secret.ts'
import { createSecrets } from './secrets.ts'
import { quote } from './shell.ts'

function bookOf(...texts: readonly string[]): ReturnType<typeof createSecrets> {
  const secrets = createSecrets()
  for (const text of texts) secrets.add(new Secret(text))
  return secrets
}

test('known secrets are replaced everywhere, including keys', () => {
  const secrets = bookOf('opensesame')
  assert.deepEqual(
    secrets.redact({ a: ['x opensesame y', 1, undefined], b: { c: 'opensesame' }, opensesame: true }),
    { a: ['x (secret) y', 1, undefined], b: { c: '(secret)' }, '(secret)': true },
  )
})

test('two keys that are secrets remain two keys', () => {
  assert.deepEqual(bookOf('hunter2', 'sesame').redact({ hunter2: 'ok', sesame: 'failed' }), {
    '(secret)': 'ok',
    '(secret) 2': 'failed',
  })
})

test('a Secret is replaced even if it is not in the book', () => {
  assert.deepEqual(createSecrets().redact({ a: [new Secret('anything')] }), { a: ['(secret)'] })
})

test('a value without secrets is the same object', () => {
  const clean = { a: [{ b: 'nothing' }], c: 1 }
  assert.equal(bookOf('opensesame').redact(clean), clean)
})

test('overlapping secrets are replaced completely', () => {
  for (const order of [
    ['hunter2', 'hunter2-prod'],
    ['hunter2-prod', 'hunter2'],
  ])
    assert.equal(bookOf(...order).redact('is hunter2-prod, or hunter2'), 'is (secret), or (secret)')
  assert.equal(bookOf('abcdef', 'defghi').redact('abcdefghi'), '(secret)')
})

test('a single line of a secret with several lines is not a secret', () => {
  const secrets = bookOf('-----BEGIN KEY-----\ntrue\nabcdefgh\n')
  assert.equal(secrets.redact('enabled: true'), 'enabled: true')
  assert.equal(secrets.redact('-----BEGIN KEY-----\ntrue\nabcdefgh'), '(secret)')
})

test('a line of a key is unique, so it is hidden even without the other lines', () => {
  const line = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2g'
  assert.equal(bookOf(`-----BEGIN KEY-----\n${line}\n`).redact(`0: ${line}`), '0: (secret)')
})

test('a secret that its author put on a command line is hidden, but not refused', () => {
  const secrets = createSecrets()
  secrets.hide(new Secret('opensesame'))
  assert.deepEqual([secrets.holds('opensesame'), secrets.exposes('opensesame')], [true, false])
  secrets.add(new Secret('opensesame'))
  assert.equal(secrets.exposes('opensesame'), true)
  secrets.add(new Secret('root'))
  assert.deepEqual([secrets.holds('root'), secrets.exposes('root')], [true, false])
})

test('a text made from secrets is not in the book itself; only its parts are searched for', () => {
  const secrets = createSecrets()
  secrets.add(new Secret('echo opensesame\nother\n', ['opensesame']))
  assert.equal(secrets.redact('other echo opensesame'), 'other echo (secret)')
})

test('texts of fewer than four characters are not searched for, because they occur everywhere', () => {
  const secrets = bookOf('abc')
  assert.equal(secrets.redact('abc'), 'abc')
  assert.equal(secrets.holds('abc'), false)
})

test('a secret with escape sequences inside is found', () => {
  assert.equal(bookOf('opensesame').redact('is open\u001b[01;31msesame\u001b[m!'), 'is (secret)!')
})

test('the password in a URL is never shown, regardless of its source', () => {
  const secrets = createSecrets()
  assert.equal(
    secrets.redact('proxy http://ann:p%40ss@proxy:3128/ used'),
    'proxy http://ann:(secret)@proxy:3128/ used',
  )
  assert.equal(secrets.holds('http://ann:pw@host'), true)
  assert.equal(
    secrets.redact('ssh://root@host:22 at 10:30 by ann@host'),
    'ssh://root@host:22 at 10:30 by ann@host',
  )
})

/** The forms in which programs print a text; each must be found. */
const programs: Readonly<Record<string, (text: string) => string>> = {
  nothing: (text) => text,
  'upper case': (text) => text.toUpperCase(),
  'lower case': (text) => text.toLowerCase(),
  JSON: (text) => JSON.stringify({ key: text }),
  'JSON in JSON': (text) => JSON.stringify({ out: JSON.stringify([text]) }),
  'our quoting': (text) => quote(text),
  'our quoting of upper case': (text) => quote(text.toUpperCase()),
  'double quotes of a shell': (text) => `"${text.replaceAll(/[\\"$`]/g, String.raw`\$&`)}"`,
  'a URL': (text) => `https://host/?key=${encodeURIComponent(text)}`,
  'a form': (text) => new URLSearchParams({ key: text }).toString(),
  HTML: (text) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#x27;'),
  'single quotes of YAML': (text) => `'${text.replaceAll("'", "''")}'`,
  'quoting of Python in JSON': (text) => JSON.stringify({ out: `'${text.replaceAll("'", `'"'"'`)}'` }),
  'HTML in JSON in JSON': (text) =>
    JSON.stringify(
      JSON.stringify(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')),
    ),
  'a URL in JSON': (text) => JSON.stringify([`https://host/?key=${encodeURIComponent(text)}`]),
  base64: (text) => Buffer.from(text).toString('base64'),
  'base64 of more, by one': (text) => Buffer.from(`x${text}y`).toString('base64'),
  'base64 of more, by two': (text) => Buffer.from(`u:${text}\n`).toString('base64'),
  'base64 for URLs': (text) => Buffer.from(`abc${text}`).toString('base64url'),
  'base64 in lines': (text) =>
    (
      Buffer.from(text)
        .toString('base64')
        .match(/.{1,16}/g) ?? []
    ).join('\n'),
}

/** UTF-8 cannot contain half of a surrogate pair. */
const secretText = fc
  .oneof(
    fc.string({ minLength: 4, maxLength: 60 }),
    fc.string({ unit: 'binary', minLength: 4, maxLength: 20 }),
  )
  .filter(
    (text) =>
      !text.includes('\0') && Buffer.from(text).toString() === text && Array.from(text.trim()).length >= 4,
  )

for (const [name, write] of Object.entries(programs)) {
  test(`a secret is found after ${name}`, () => {
    fc.assert(
      fc.property(secretText, fc.string(), fc.string(), (text, before, after) => {
        const secrets = bookOf(text)
        const written = write(text)
        const shown = secrets.redact(`${before} ${written} ${after}`)
        assert.ok(!shown.includes(written), `${JSON.stringify(written)} in ${JSON.stringify(shown)}`)
        assert.equal(secrets.holds(written), true)
      }),
    )
  })
}

test('a secret is found in the forms in which programs of this machine print it', () => {
  const secret = `it's "100%" & $HOME/ü`
  const secrets = bookOf(secret)
  const said = (script: string, ...words: readonly string[]): string =>
    execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
  for (const script of [
    'printf %q "$1"',
    'printf %s "user:$1" | base64 -w 16',
    'set -x; : "$1"',
    'echo "${1@Q}"',
  ]) {
    const shown = secrets.redact(said(`{ ${script}; } 2>&1`, secret))
    assert.doesNotMatch(shown, /100%|JFVT|HOME/, script)
  }
})

test('a text without a secret is never changed', () => {
  fc.assert(
    fc.property(fc.array(secretText, { maxLength: 5 }), fc.string({ maxLength: 200 }), (texts, other) => {
      const secrets = bookOf(...texts)
      fc.pre(!secrets.holds(other))
      assert.equal(secrets.redact(other), other)
    }),
  )
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-m]{4,20}$/),
      fc.stringMatching(/^[n-z .:/-]{0,100}$/),
      (text, other) => {
        assert.equal(bookOf(text).redact(other), other)
      },
    ),
  )
})
