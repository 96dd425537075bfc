/** Credentials for a server reach only the server: they are never in a command line or a job folder. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Secret } from '../../base/secret.ts'
import { http } from '../queries/http.ts'
import { asking, programs } from '../testing/asking.ts'
import { createTestMachine, executeAction, testContext } from '../testing/test-machine.ts'
import { type Scratch, scratch } from '../testing/scratch.ts'

const password = `it's "100%" \\ sesame`
const login = {
  username: 'ann',
  password: new Secret(password),
  headers: { 'X-Token': new Secret('opensesame') },
}

interface Door {
  readonly url: string
  readonly tokens: (string | undefined)[]
  [Symbol.dispose](): void
}

/** Accepts a request with both credentials. */
async function door(): Promise<Door> {
  const tokens: (string | undefined)[] = []
  const expected = `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`
  const server = createServer((request, response) => {
    tokens.push(request.headers['x-token']?.toString())
    const known = request.headers.authorization === expected
    response.writeHead(known ? 200 : 401, { 'content-length': 4 }).end('tool')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}/tool`,
    tokens,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/**
 * A PATH that has only one of the two programs, which records its arguments. Temporary files are created in
 * `tmp`.
 */
function only(dir: Scratch, program: 'curl' | 'wget'): Readonly<Record<string, string>> {
  const other = program === 'curl' ? 'wget' : 'curl'
  const hidden = dir.path('usr')
  mkdirSync(hidden)
  for (const name of readdirSync('/usr/bin').filter((one) => one !== other && one !== program)) {
    writeFileSync(`${hidden}/${name}`, `#!/bin/sh\nexec /usr/bin/${name} "$@"\n`)
    chmodSync(`${hidden}/${name}`, 0o755)
  }
  programs(dir, { [program]: `printf '%s\\n' "$@" >>${dir.path('seen')}\nexec /usr/bin/${program} "$@"` })
  mkdirSync(dir.path('tmp'))
  return { PATH: `${dir.path('bin')}:${hidden}:/bin-is-not-there`, TMPDIR: dir.path('tmp') }
}

/** The content of all files in the folder, and the arguments. */
function found(dir: Scratch): string {
  const names = readdirSync(dir.directory, { recursive: true, encoding: 'utf8', withFileTypes: true })
  return names
    .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(dir.path('usr')))
    .map((entry) => `${entry.name}: ${readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8')}`)
    .join('\n')
}

for (const program of ['curl', 'wget'] as const) {
  const skip = existsSync(`/usr/bin/${program}`) ? false : `no ${program} here`
  test(`${program} downloads with credentials that other users cannot see`, { skip }, async () => {
    using dir = scratch()
    using server = await door()
    const machine = createTestMachine({ stateDirectory: dir.path('state'), environment: only(dir, program) })
    const proxy = ''
    const result = await executeAction(
      { kind: 'download', url: server.url, path: dir.path('tool'), login, proxy },
      machine,
      testContext(),
    )
    assert.deepEqual(result, { kind: 'done' })
    assert.deepEqual(server.tokens, ['opensesame'])
    assert.match(found(dir), /seen: .*\n[^]*127\.0\.0\.1/)
    assert.doesNotMatch(found(dir), /sesame/)
    assert.deepEqual(readdirSync(dir.path('tmp')), [])
  })

  test(`${program} sends a request with credentials that other users cannot see`, { skip }, async () => {
    using dir = scratch()
    using server = await door()
    const { batcher } = asking(only(dir, program))
    for (const method of ['HEAD', 'GET'] as const) {
      const known = await batcher.query(http, { url: server.url, method, login })
      assert.deepEqual([known.status, known.error], [200, undefined])
      if (method === 'HEAD') assert.equal(known.length, 4)
      assert.equal((await batcher.query(http, { url: server.url, method })).status, 401)
    }
    assert.deepEqual(server.tokens, ['opensesame', undefined, 'opensesame', undefined])
    assert.doesNotMatch(found(dir), /sesame/)
    assert.deepEqual(readdirSync(dir.path('tmp')), [])
  })
}

test('the job folder contains neither the environment of a program nor the proxy of a download', async () => {
  using dir = scratch()
  using server = await door()
  const machine = createTestMachine({ stateDirectory: dir.path('state') })
  const result = await executeAction(
    {
      kind: 'run',
      argv: ['sh', '-c', `printf %s "$API_TOKEN" | wc -c; cat`],
      environment: { API_TOKEN: new Secret('opensesame') },
      stdin: new Secret('sesame-in\n'),
      detached: { name: 'install', fingerprint: '1' },
    },
    machine,
    testContext(),
  )
  assert.equal(result.kind === 'done' && result.reply?.stdout, '10\nsesame-in\n')
  const proxy = 'http://ann:opensesame@127.0.0.1:1'
  const fetched = await executeAction(
    {
      kind: 'download',
      url: server.url.replace('127.0.0.1', 'localhost'),
      path: dir.path('x'),
      login,
      proxy,
    },
    createTestMachine({
      stateDirectory: dir.path('other'),
      environment: { no_proxy: 'localhost', ...path() },
    }),
    testContext(),
  )
  assert.deepEqual(fetched, { kind: 'done' })
  // The engine does not change the output of the program itself.
  assert.doesNotMatch(found(dir).replaceAll('sesame-in', ''), /sesame/)
})

function path(): Readonly<Record<string, string>> {
  return { PATH: process.env['PATH'] ?? '' }
}
