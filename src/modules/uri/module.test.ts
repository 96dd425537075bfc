import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { Secret } from '../../base/secret.ts'
import type { Host } from '../../host/host.ts'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { fakeHost, fakeWorld, type FakeWorld } from '../testing/fake-host.ts'
import { uri } from './module.ts'

const url = 'https://api.example/x'

function worldWith(status: number, body: string): FakeWorld {
  const world = fakeWorld()
  world.http.set(`GET ${url}`, { status, length: undefined, body })
  return world
}

test('a GET reports status, content and JSON, and changes nothing', async () => {
  const { actions, report } = await converge(uri, { url }, worldWith(200, '{"a": [1]}'))
  assert.deepEqual(actions, [])
  assert.deepEqual(report, { url, status: 200, content: '{"a": [1]}', json: { a: [1] } })
  const text = await converge(uri, { url, status_code: [200, 404] }, worldWith(404, ''))
  assert.deepEqual(text.report, { url, status: 404, content: '' })
})

test('another status, and a server that does not answer, are refused', async () => {
  const status = await planOnce(uri, { url, status_code: [200, 204] }, worldWith(500, ''))
  assert.equal(status.refusal?.message, `${url} answered 500; expected: 200, 204`)
  const silent = await planOnce(uri, { url }, fakeWorld())
  assert.equal(silent.refusal?.message, `cannot request ${url}: could not resolve the name`)
})

test('body and login of a request reach only standard input', async () => {
  const args = {
    url,
    method: 'POST',
    body: { a: 'b"\n' },
    body_format: 'json',
    username: 'ann',
    password: 'pa\\ss',
    headers: { 'X-Token': 'token' },
    status_code: [200, 201],
  }
  const { actions } = await planOnce(uri, args, fakeWorld())
  const [action] = actions
  assert.ok(action?.kind === 'run' && action.stdin instanceof Secret)
  assert.equal(
    action.stdin.reveal(),
    [
      'user = "ann:pa\\\\ss"',
      'header = "X-Token: token"',
      'header = "Content-Type: application/json"',
      'request = "POST"',
      `url = "${url}"`,
      'data-raw = "{\\"a\\":\\"b\\\\\\"\\\\n\\"}"',
      '',
    ].join('\n'),
  )
  assert.deepEqual(action.argv.slice(3), ['sh', '200 201', '30'])
  assert.equal(action.label, `send POST ${url}`)
  assert.equal(action.effects, undefined)
})

test('a request that may change something is sent once, and its answer reported', async () => {
  const world = fakeWorld()
  world.program = () => ({ code: 0, stdout: '[1]\n\n201', stderr: '' })
  const { actions, report } = await converge(uri, { url, method: 'PUT', body: 'x' }, world)
  assert.equal(actions.length, 1)
  assert.deepEqual(report, { url, status: 201, content: '[1]\n', json: [1] })
})

test('curl sends the request, and the program fails with another status', async (context) => {
  const got: string[] = []
  const server = createServer((request, answer) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      got.push([request.method, request.headers['content-type'], body].join(' '))
      answer.writeHead(201).end('made')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const send = async (status: number): Promise<{ readonly code: number; readonly stdout: string }> => {
    const target = `http://127.0.0.1:${address.port}/x`
    const body = { a: '1 2', b: 'é\n"' }
    const args = { url: target, method: 'POST', body, body_format: 'form-urlencoded', status_code: status }
    const [action] = (await planOnce(uri, args, fakeWorld())).actions
    assert.ok(action?.kind === 'run' && action.stdin instanceof Secret)
    const [program = '', ...words] = action.argv
    return new Promise((resolve) => {
      const child = spawn(program, words, { env: { ...process.env, no_proxy: '*' } })
      let stdout = ''
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
      child.on('close', (code) => resolve({ code: code ?? -1, stdout }))
      child.stdin.end(action.stdin instanceof Secret ? action.stdin.reveal() : '')
    })
  }
  assert.deepEqual(await send(201), { code: 0, stdout: 'made\n201' })
  assert.deepEqual(got, ['POST application/x-www-form-urlencoded a=1+2&b=%C3%A9%0A%22'])
  assert.equal((await send(200)).code, 22)
})

test('a body without a format must be text, and a GET has none', async () => {
  const list = await planOnce(uri, { url, method: 'POST', body: [1] }, fakeWorld())
  assert.equal(list.refusal?.message, '`body` is not text; set `body_format: json` for other values')
  const got = await planOnce(uri, { url, body: 'x' }, fakeWorld())
  assert.equal(got.refusal?.message, 'a request with the method GET has no body')
  assert.throws(() => completed(uri, { url: 'https://ann:secret@api.example/' }))
})

test('ca_path is the file with the authorities that are trusted, whatever the method', async () => {
  const world = worldWith(200, '')
  const asked: unknown[] = []
  const host: Host = {
    ...fakeHost(world),
    http: async (_, options) => {
      asked.push(options)
      return { status: 200, length: undefined, body: '' }
    },
  }
  await uri.probe(completed(uri, { url, ca_path: '/etc/own.pem' }), host)
  assert.deepEqual(asked, [{ method: 'GET', ca: '/etc/own.pem' }])
  const { actions } = await planOnce(uri, { url, method: 'POST', ca_path: '/etc/own.pem' }, world)
  const [action] = actions
  assert.ok(action?.kind === 'run' && action.stdin instanceof Secret)
  assert.match(action.stdin.reveal(), /^cacert = "\/etc\/own\.pem"$/m)
})

test('creates and removes make a request unnecessary', async () => {
  const world = fakeWorld({ '/there': '' })
  const actions = async (args: Readonly<Record<string, unknown>>): Promise<number> =>
    (await planOnce(uri, { url, method: 'POST', ...args }, world)).actions.length
  assert.deepEqual([await actions({ creates: '/there' }), await actions({ creates: '/none' })], [0, 1])
  assert.deepEqual([await actions({ removes: '/there' }), await actions({ removes: '/none' })], [1, 0])
  const { report } = await converge(uri, { url, creates: '/there' }, world)
  assert.deepEqual(report, { url, status: 0, content: '' })
})

test('follow_redirects: by default only requests that read follow the server to another address', async () => {
  const asked: unknown[] = []
  const host: Host = {
    ...fakeHost(fakeWorld()),
    http: async (_, { follow }) => {
      asked.push(follow)
      return { status: 200, length: undefined, body: '' }
    },
  }
  const kinds = ['safe', 'all', 'none'] as const
  for (const kind of kinds) await uri.probe(completed(uri, { url, follow_redirects: kind }), host)
  assert.deepEqual(asked, [undefined, undefined, false])
  const sent = kinds.map(async (kind) => {
    const [action] = (await planOnce(uri, { url, method: 'POST', follow_redirects: kind }, fakeWorld()))
      .actions
    assert.ok(action?.kind === 'run' && action.stdin instanceof Secret)
    return /^location$/m.test(action.stdin.reveal())
  })
  assert.deepEqual(await Promise.all(sent), [false, true, false])
})
