import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer, type Server as PlainServer } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
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

/** Starts a server on a free port, which replaces `PORT` in its address. */
async function served(
  server: PlainServer | SecureServer,
  url: string,
): Promise<{ readonly url: string } & Disposable> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: unknown = server.address()
  assert.ok(typeof address === 'object' && address !== null && 'port' in address)
  return {
    url: url.replace('PORT', String(address.port)),
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Answers the first requests with a status and an error page, and later ones with `key`. */
async function failing(times: number, status: number): Promise<Server> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.method ?? '')
    const fails = seen.length <= times
    response.writeHead(fails ? status : 200, { connection: 'close' }).end(fails ? 'error page' : 'key')
  })
  return { ...(await served(server, 'http://127.0.0.1:PORT/key')), seen }
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

/** `/whole` has three bytes, `/cut` ends before its announced length, `/moved` names the address of `/whole`. */
async function various(): Promise<{ readonly url: string } & Disposable> {
  const server = createServer(({ url }, response) => {
    if (url === '/moved') response.writeHead(302, { location: '/whole', connection: 'close' }).end('moved')
    else if (url === '/cut') {
      response.writeHead(200, { 'content-length': '9', connection: 'close' })
      response.write('key', () => response.destroy())
    } else response.writeHead(url === '/whole' ? 200 : 404, { connection: 'close' }).end('key')
  })
  return served(server, 'http://127.0.0.1:PORT')
}

for (const [program, other] of [
  ['curl', 'wget'],
  ['wget', 'curl'],
] as const) {
  const skip = existsSync(`/usr/bin/${program}`) ? false : `no ${program} here`

  test(`${program}: the checksum of a body, unless it did not come whole`, { skip }, async () => {
    using dir = scratch()
    using server = await various()
    const { batcher } = asking(without(dir, other))
    const digest = async (path: string): Promise<readonly unknown[]> => {
      const request = { url: `${server.url}/${path}`, method: 'GET', digest: true, timeout: 5 } as const
      const { status, body } = await batcher.query(http, request)
      return [status, body]
    }
    const sha256 = createHash('sha256').update('key').digest('hex')
    assert.deepEqual(await digest('whole'), [200, sha256])
    assert.deepEqual(await digest('moved'), [200, sha256])
    assert.deepEqual(await digest('cut'), [0, ''])
    assert.deepEqual(await digest('none'), [404, ''])
  })

  test(`${program} does not follow a redirect if it must not`, { skip }, async () => {
    using dir = scratch()
    using server = await various()
    const { batcher } = asking(without(dir, other))
    for (const method of ['GET', 'HEAD'] as const) {
      const url = `${server.url}/moved`
      assert.equal((await batcher.query(http, { url, method })).status, 200)
      assert.equal((await batcher.query(http, { url, method, follow: false })).status, 302)
    }
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
  return { ...(await served(server, 'https://127.0.0.1:PORT/')), ca }
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
