/** Servers that accept a connection and then do not answer, at each step of the connection. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import ssh2 from 'ssh2'
import { UnreachableError } from '../base/errors.ts'
import { connect } from './connect.ts'
import type { SshTarget } from './ssh-dial.ts'
import { testEffects } from './testing/test-effects.ts'
import { makeKey, withoutSshd } from './testing/sshd.ts'
import { calm } from './testing/shells.ts'

describe('a server that does not answer', { skip: withoutSshd() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-slow-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const privateKey = makeKey(join(folder, 'key'))

  function target(port: number, changes: Partial<SshTarget> = {}): SshTarget {
    return {
      kind: 'ssh',
      address: '127.0.0.1',
      port,
      user: 'somebody',
      privateKey,
      knownHosts: join(folder, 'known_hosts'),
      hostKeyChecking: 'off',
      connectTimeout: 0.4,
      ...changes,
    }
  }

  async function refusal(wanted: SshTarget): Promise<UnreachableError> {
    const stop = collectGarbage()
    try {
      const connection = await connect(wanted, testEffects(), calm)
      try {
        await connection.open('exec /bin/sh', calm)
      } finally {
        await connection.close()
      }
    } catch (error) {
      if (error instanceof UnreachableError) return error
      throw error
    } finally {
      stop()
    }
    assert.fail('the host let us in')
  }

  for (const [name, greet] of [
    ['says nothing', () => {}],
    ['sends half of its greeting', (socket: Socket) => void socket.write('SSH-2.0-x')],
    ['greets and then says nothing', (socket: Socket) => void socket.write('SSH-2.0-x\r\n')],
    ['drips lines', (socket: Socket) => drip(socket, 'wait\r\n')],
    ['drips bytes', (socket: Socket) => drip(socket, 'S')],
  ] as const) {
    test(`${name}: times out, even under garbage collection`, async (t) => {
      const server = createServer((socket) => {
        socket.on('error', () => {})
        greet(socket)
      })
      t.after(() => server.close())
      const { problem } = await refusal(target(await listening(server)))
      assert.equal(problem.code, 'connection-timeout')
      assert.match(problem.message, /did not answer within 0\.4 seconds/)
    })
  }

  test('a jump host that does not connect to the next host times out', async (t) => {
    const server = loggingIn(folder, (client) => client.on('tcpip', () => {}))
    t.after(() => server.close())
    const port = await listening(server)
    const { problem } = await refusal(target(1, { proxyJump: `somebody@127.0.0.1:${port}` }))
    assert.equal(problem.code, 'connection-timeout')
  })

  test('a host that accepts the login but opens no channel times out without a retry', async (t) => {
    let asked = 0
    const server = loggingIn(folder, (client) => client.on('session', () => (asked += 1)))
    t.after(() => server.close())
    const { problem } = await refusal(target(await listening(server), { connectTimeout: 15 }))
    assert.equal(problem.code, 'no-answer', problem.message)
    assert.match(
      problem.message,
      /^127\.0\.0\.1 accepted the login, but then did not answer within 15 seconds$/,
    )
    assert.equal(asked, 1)
  })

  test('at the end of the run, nothing waits for a channel', async (t) => {
    const server = loggingIn(folder, (client) =>
      client.on('session', () => controller.abort(new Error('enough'))),
    )
    const controller = new AbortController()
    t.after(() => server.close())
    const connection = await connect(
      target(await listening(server), { connectTimeout: 3600 }),
      testEffects(),
      calm,
    )
    await assert.rejects(connection.open('exec /bin/sh', controller.signal), /enough/)
    await connection.close()
  })
})

/** A server that accepts every login. */
function loggingIn(folder: string, use: (client: ssh2.Connection) => void): ssh2.Server {
  const host = makeKey(join(folder, `host-${Math.random()}`))
  return new ssh2.Server({ hostKeys: [readFileSync(host)] }, (client) => {
    client.on('authentication', (login) => login.accept())
    client.on('error', () => {})
    use(client)
  })
}

function drip(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 20)
  socket.on('close', () => clearInterval(timer))
}

/** Imitates the effect of a busy run on signals that only a timer or another signal references. */
function collectGarbage(): () => void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  const timer = setInterval(() => typeof collect === 'function' && collect(), 20)
  return () => clearInterval(timer)
}

function listening(server: Server | ssh2.Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}
