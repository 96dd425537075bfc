import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
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
