import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { test } from 'node:test'
import { asking } from '../testing/asking.ts'
import { type Scratch, scratch } from '../testing/scratch.ts'
import { http } from './http.ts'

interface Server {
  readonly url: string
  /** Methods of the requests. */
  readonly seen: string[]
  [Symbol.dispose](): void
}

/** Answers the first requests with a status and an error page, and later ones with `key`. */
async function failing(times: number, status: number): Promise<Server> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.method ?? '')
    const fails = seen.length <= times
    response.writeHead(fails ? status : 200, { connection: 'close' }).end(fails ? 'error page' : 'key')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: unknown = server.address()
  assert.ok(typeof address === 'object' && address !== null && 'port' in address)
  return {
    url: `http://127.0.0.1:${String(address.port)}/key`,
    seen,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A PATH without one of the two programs. */
function without(dir: Scratch, other: string): Readonly<Record<string, string>> {
  mkdirSync(dir.path('bin'))
  for (const name of readdirSync('/usr/bin').filter((one) => one !== other))
    symlinkSync(`/usr/bin/${name}`, dir.path(`bin/${name}`))
  return { PATH: dir.path('bin') }
}

for (const [program, other] of [
  ['curl', 'wget'],
  ['wget', 'curl'],
] as const) {
  const skip = existsSync(`/usr/bin/${program}`) ? false : `no ${program} here`

  test(`${program} repeats a request that the server could not answer`, { skip }, async () => {
    using dir = scratch()
    const { batcher } = asking(without(dir, other))
    using server = await failing(2, 503)
    const { status, body } = await batcher.query(http, { url: server.url, method: 'GET' })
    assert.deepEqual([status, body, server.seen.length], [200, 'key', 3])
  })

  test(`${program} does not repeat a request that the server refuses`, { skip }, async () => {
    using dir = scratch()
    const { batcher } = asking(without(dir, other))
    using server = await failing(1, 404)
    const { status, body } = await batcher.query(http, { url: server.url, method: 'GET' })
    assert.deepEqual([status, body, server.seen.length], [404, '', 1])
  })
}

/** Answers `key` under a certificate for 127.0.0.1 that is its own authority, in the file `ca`. */
async function secure(dir: Scratch): Promise<{ readonly url: string; readonly ca: string } & Disposable> {
  const [ca, key] = [dir.path('ca.pem'), dir.path('key.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-out',
      ca,
      '-keyout',
      key,
    ].concat(subject),
    { stdio: 'pipe' },
  )
  const server = createSecureServer({ cert: readFileSync(ca), key: readFileSync(key) }, (_, response) =>
    response.writeHead(200, { connection: 'close' }).end('key'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: unknown = server.address()
  assert.ok(typeof address === 'object' && address !== null && 'port' in address)
  return {
    url: `https://127.0.0.1:${String(address.port)}/`,
    ca,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

for (const [program, other] of [
  ['curl', 'wget'],
  ['wget', 'curl'],
] as const) {
  const missing = [program, 'openssl'].find((name) => !existsSync(`/usr/bin/${name}`))
  const skip = missing === undefined ? false : `no ${missing} here`

  test(`${program} trusts the authorities of a given file only`, { skip }, async () => {
    using dir = scratch()
    using server = await secure(dir)
    const { batcher } = asking(without(dir, other))
    const { url, ca } = server
    assert.equal((await batcher.query(http, { url, method: 'GET', ca })).body, 'key')
    assert.equal((await batcher.query(http, { url, method: 'HEAD', ca })).status, 200)
    assert.equal((await batcher.query(http, { url, method: 'GET' })).status, 0)
  })
}
