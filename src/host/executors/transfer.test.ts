import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import type { Action } from '../action.ts'
import { sha256Of } from '../content.ts'
import type { ActionResult } from '../access.ts'
import { createTestMachine, executeAction, testContext } from '../testing/test-machine.ts'
import { type Scratch, scratch } from '../testing/scratch.ts'

const content = Buffer.from('0123456789'.repeat(20_000))

interface Server {
  readonly url: string
  readonly requests: IncomingMessage[]
  [Symbol.dispose](): void
}

async function serving(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/driver.run`,
    requests,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Serves ranges like a mirror. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (start >= content.length) response.writeHead(416).end()
  else if (start > 0) {
    response.writeHead(206, { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` })
    response.end(content.subarray(start))
  } else response.writeHead(200, { 'content-length': content.length }).end(content)
}

function status(code: number): typeof serve {
  return (_, response) => void response.writeHead(code).end('an error page that is no driver')
}

/** A PATH with only one of curl and wget. */
function only(bin: Scratch, program: 'curl' | 'wget'): Record<string, string> {
  for (const name of readdirSync('/usr/bin')) {
    if (name === program || !['curl', 'wget'].includes(name)) symlinkSync(`/usr/bin/${name}`, bin.path(name))
  }
  return { PATH: bin.directory }
}

// Most of the time is spent waiting for the next attempt.
for (const program of ['curl', 'wget'] as const) {
  const skip = existsSync(`/usr/bin/${program}`) ? false : `no ${program} here`
  describe(`a download by ${program}`, { skip, concurrency: 4 }, () => {
    const bin = scratch()
    after(() => bin[Symbol.dispose]())
    const environment = only(bin, program)
    const fetchTo = async (
      dir: Scratch,
      url: string,
      more: Record<string, unknown> = {},
    ): Promise<ActionResult> => {
      const machine = createTestMachine({
        stateDirectory: dir.path('state'),
        environment,
      })
      const action: Action = {
        kind: 'download',
        url,
        path: dir.path('to.run'),
        sha256: sha256Of(content),
        mode: '0755',
        ...more,
      }
      return executeAction(action, machine, testContext())
    }

    test('a file is downloaded, verified and renamed', async () => {
      using dir = scratch()
      using server = await serving(serve)
      assert.deepEqual(await fetchTo(dir, server.url), { kind: 'done' })
      assert.deepEqual(readFileSync(dir.path('to.run')), content)
      assert.equal(statSync(dir.path('to.run')).mode & 0o7777, 0o755)
      assert.ok(!existsSync(dir.path('to.run.part')))
    })

    test('a download resumes after the received bytes', async () => {
      using dir = scratch()
      using server = await serving(serve)
      writeFileSync(dir.path('to.run.part'), content.subarray(0, 150_000))
      assert.deepEqual(await fetchTo(dir, server.url), { kind: 'done' })
      assert.equal(server.requests.length, 1)
      assert.equal(server.requests[0]?.headers.range, 'bytes=150000-')
      assert.deepEqual(readFileSync(dir.path('to.run')), content)
    })

    test('a part of another file, or one that the server cannot resume, is discarded', async () => {
      for (const [part, handle] of [
        [Buffer.alloc(1000, 'x'), serve],
        [Buffer.alloc(content.length + 5, 'x'), serve],
        [
          content.subarray(0, 1000),
          (_: IncomingMessage, response: ServerResponse) => void response.end(content),
        ],
      ] as const) {
        using dir = scratch()
        using server = await serving(handle)
        writeFileSync(dir.path('to.run.part'), part)
        assert.deepEqual(await fetchTo(dir, server.url), { kind: 'done' })
        assert.deepEqual(readFileSync(dir.path('to.run')), content)
      }
    })

    test('after a wrong checksum the file is removed, and the message has both checksums', async () => {
      using dir = scratch()
      using server = await serving(serve)
      const wanted = sha256Of('another')
      const result = await fetchTo(dir, server.url, { sha256: wanted })
      assert.ok(result.kind === 'failed' && result.problem.code === 'checksum-mismatch')
      assert.ok(result.problem.message.endsWith(`its sha256 is ${sha256Of(content)}, expected ${wanted}`))
      assert.deepEqual(
        readdirSync(dir.directory).filter((name) => name.startsWith('to.')),
        [],
      )
    })

    test('if a server refuses, the message quotes it', async () => {
      for (const [code, requests, hint] of [
        [404, 1, /no such file/],
        [503, 3, /retry later/],
      ] as const) {
        using dir = scratch()
        using server = await serving(status(code))
        const result = await fetchTo(dir, server.url)
        assert.ok(result.kind === 'failed')
        assert.equal(result.problem.message, `cannot download ${server.url}: the server answered ${code}`)
        assert.match(result.problem.hint ?? '', hint)
        assert.equal(server.requests.length, requests)
        assert.deepEqual(
          readdirSync(dir.directory).filter((name) => name.startsWith('to.')),
          [],
        )
      }
    })

    test('without a checksum, downloads are not resumed', async () => {
      using dir = scratch()
      using server = await serving(serve)
      writeFileSync(dir.path('to.run.part'), 'who knows')
      const machine = createTestMachine({
        stateDirectory: dir.path('state'),
        environment,
      })
      const result = await executeAction(
        { kind: 'download', url: server.url, path: dir.path('to.run') },
        machine,
        testContext(),
      )
      assert.deepEqual(result, { kind: 'done' })
      assert.deepEqual(readFileSync(dir.path('to.run')), content)
    })
  })
}

test('a full disk during a download is reported, and the partial file is removed', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to mount a small tmpfs')
  using dir = scratch()
  mkdirSync(dir.path('small'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir.path('small')], { stdio: 'ignore' })
  } catch {
    return t.skip('mounting is not allowed here')
  }
  try {
    using server = await serving(serve)
    const machine = createTestMachine({ stateDirectory: dir.path('state') })
    const action: Action = { kind: 'download', url: server.url, path: dir.path('small/to.run') }
    const result = await executeAction(action, machine, testContext())
    assert.ok(result.kind === 'failed' && result.problem.code === 'no-space', JSON.stringify(result))
    assert.deepEqual(readdirSync(dir.path('small')), [])
  } finally {
    execFileSync('umount', [dir.path('small')])
  }
})
