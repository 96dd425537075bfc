import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
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
import type { ActionResult } from '../machine.ts'
import { createTestMachine, execute, testContext } from '../testing/machine.ts'
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

/** Serves ranges as a mirror does. */
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

/** A PATH on which only one of curl and wget is found. */
function only(bin: Scratch, program: 'curl' | 'wget'): Record<string, string> {
  for (const name of readdirSync('/usr/bin')) {
    if (name === program || !['curl', 'wget'].includes(name)) symlinkSync(`/usr/bin/${name}`, bin.path(name))
  }
  return { PATH: bin.directory }
}

// Most of it is waiting before another try.
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
      return execute(action, machine, testContext())
    }

    test(`a file is fetched, checked and renamed`, async () => {
      using dir = scratch()
      using server = await serving(serve)
      assert.deepEqual(await fetchTo(dir, server.url), { kind: 'done' })
      assert.deepEqual(readFileSync(dir.path('to.run')), content)
      assert.equal(statSync(dir.path('to.run')).mode & 0o7777, 0o755)
      assert.ok(!existsSync(dir.path('to.run.part')))
    })

    test(`what has arrived before is not fetched again`, async () => {
      using dir = scratch()
      using server = await serving(serve)
      writeFileSync(dir.path('to.run.part'), content.subarray(0, 150_000))
      assert.deepEqual(await fetchTo(dir, server.url), { kind: 'done' })
      assert.equal(server.requests.length, 1)
      assert.equal(server.requests[0]?.headers.range, 'bytes=150000-')
      assert.deepEqual(readFileSync(dir.path('to.run')), content)
    })

    test(`a part of another file is thrown away, and so is one that the server cannot go on with`, async () => {
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

    test(`a wrong checksum keeps nothing and shows both`, async () => {
      using dir = scratch()
      using server = await serving(serve)
      const wanted = sha256Of('another')
      const result = await fetchTo(dir, server.url, { sha256: wanted })
      assert.ok(result.kind === 'failed' && result.problem.code === 'checksum-mismatch')
      assert.ok(result.problem.message.endsWith(`its sha256 is ${sha256Of(content)}, wanted ${wanted}`))
      assert.deepEqual(
        readdirSync(dir.directory).filter((name) => name.startsWith('to.')),
        [],
      )
    })

    test(`a server that says no is quoted`, async () => {
      for (const [code, requests, hint] of [
        [404, 1, /no such file/],
        [503, 3, /try again later/],
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

    test(`without a checksum nothing is resumed`, async () => {
      using dir = scratch()
      using server = await serving(serve)
      writeFileSync(dir.path('to.run.part'), 'who knows')
      const machine = createTestMachine({
        stateDirectory: dir.path('state'),
        environment,
      })
      const result = await execute(
        { kind: 'download', url: server.url, path: dir.path('to.run') },
        machine,
        testContext(),
      )
      assert.deepEqual(result, { kind: 'done' })
      assert.deepEqual(readFileSync(dir.path('to.run')), content)
    })
  })
}

test('a disk that is full during a download is named, and the part is not kept', async (t) => {
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
    const result = await execute(action, machine, testContext())
    assert.ok(result.kind === 'failed' && result.problem.code === 'no-space', JSON.stringify(result))
    assert.deepEqual(readdirSync(dir.path('small')), [])
  } finally {
    execFileSync('umount', [dir.path('small')])
  }
})

/** A node whose `pct push` copies as told, and exits with 0 whatever comes of it. */
function nodeAndContainer(dir: Scratch, pct: string): ReturnType<typeof createTestMachine> {
  mkdirSync(dir.path('bin'))
  writeFileSync(dir.path('bin/pct'), `#!/bin/sh\necho "$*" >> ${dir.path('calls')}\n${pct}\n`)
  chmodSync(dir.path('bin/pct'), 0o755)
  const environment = { PATH: `${dir.path('bin')}:${process.env['PATH'] ?? ''}` }
  const node = createTestMachine({ stateDirectory: dir.path('state'), environment })
  return createTestMachine({ name: 'ct', ctid: '101', node, stateDirectory: dir.path('ct-state') })
}

function pushing(dir: Scratch): Action {
  writeFileSync(dir.path('source.run'), content)
  return {
    kind: 'push',
    from: dir.path('source.run'),
    to: dir.path('target.run'),
    sha256: sha256Of(content),
    mode: '0755',
  }
}

test('a file is pushed under a temporary name, compared inside, renamed, and not pushed again', async () => {
  using dir = scratch()
  const container = nodeAndContainer(dir, 'cp "$3" "$4" && chmod "$6" "$4"')
  const action = pushing(dir)
  for (let time = 0; time < 2; time += 1) {
    assert.deepEqual(await execute(action, container, testContext()), { kind: 'done' })
    assert.deepEqual(readFileSync(dir.path('target.run')), content)
  }
  assert.equal(statSync(dir.path('target.run')).mode & 0o7777, 0o755)
  assert.equal(
    readFileSync(dir.path('calls'), 'utf8'),
    `push 101 ${dir.path('source.run')} ${dir.path('target.run')}.gpuplay-push --perms 0755\n`,
  )
})

test('a push that failed is found out though pct exits with 0', async () => {
  for (const [pct, message] of [
    [
      'echo "failed to create file: /x: Permission denied" >&2; exit 0',
      /failed to create file: \/x: Permission denied$/,
    ],
    ['head -c 100 "$3" > "$4"; echo "x" >> "$4"; exit 0', /what arrived has the sha256 [0-9a-f]{64}, wanted/],
    ['echo "CT is locked (backup)" >&2; exit 255', /the container is locked \(backup\)$/],
  ] as const) {
    using dir = scratch()
    const result = await execute(pushing(dir), nodeAndContainer(dir, pct), testContext())
    assert.ok(result.kind === 'failed')
    assert.match(result.problem.message, message)
    assert.deepEqual(
      readdirSync(dir.directory).filter((name) => name.startsWith('target')),
      [],
    )
  }
})

test('a container is started, stopped and restarted by pct, and what it is already it stays', async () => {
  for (const [verb, state, calls] of [
    ['start', 'stopped', ['status 7', 'start 7']],
    ['start', 'running', ['status 7']],
    ['shutdown', 'running', ['status 7', 'shutdown 7 --timeout 60']],
    ['stop', 'stopped', ['status 7']],
    ['restart', 'running', ['status 7', 'shutdown 7 --timeout 60', 'start 7']],
  ] as const) {
    using dir = scratch()
    const { node } = nodeAndContainer(dir, `[ "$1" = status ] && echo "status: ${state}"; exit 0`)
    assert.ok(node)
    const result = await execute({ kind: 'containerPower', ctid: '7', verb }, node, testContext())
    assert.equal(result.kind, 'done')
    assert.deepEqual(readFileSync(dir.path('calls'), 'utf8').trim().split('\n'), calls)
  }
})

test('a container that cannot start says why', async () => {
  using dir = scratch()
  const pct =
    '[ "$1" = status ] && { echo "status: stopped"; exit 0; }; echo "Device /dev/nvidia0 does not exist" >&2; exit 255'
  const { node } = nodeAndContainer(dir, pct)
  assert.ok(node)
  const result = await execute({ kind: 'containerPower', ctid: '7', verb: 'start' }, node, testContext())
  assert.ok(result.kind === 'failed')
  assert.equal(result.problem.code, 'device-missing')
  assert.match(result.problem.message, /^cannot start container 7: \/dev\/nvidia0 does not exist on the node/)
})
