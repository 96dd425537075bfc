/** Channels of an SSH connection: how they are shared, how they end, and slow or failing servers. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionPool, connect } from './connect.ts'
import { openShell } from './open-shell.ts'
import { dial, type SshTarget } from './ssh-dial.ts'
import { shareSsh } from './ssh-shared.ts'
import { testEffects } from './testing/test-effects.ts'
import { alive, calm, patience } from './testing/shells.ts'
import { type Sshd, knownHostsLine, startSshd, withoutSshd } from './testing/sshd.ts'
import { hello, helloOn, refusal, summary, sshTargetOf } from './testing/ssh-login.ts'
import { listening, startProxy } from './testing/proxy.ts'

describe('channels of a real sshd', { skip: withoutSshd(), concurrency: 4 }, () => {
  let server: Sshd
  before(async () => {
    server = await startSshd()
  })
  after(() => server.stop())
  const target = (changes: Partial<SshTarget> = {}): SshTarget => sshTargetOf(server, changes)

  /**
   * A program that writes its process ID to a file and then sleeps; and this process ID, as soon as it is
   * known.
   */
  const sleeper = (name: string): { readonly command: string; readonly pid: () => Promise<string> } => {
    const file = join(server.folder, name)
    return {
      command: `exec /bin/sh -c 'echo $$ >${file}.new; mv ${file}.new ${file}; exec sleep 600'`,
      async pid() {
        while (!existsSync(file)) await delay(20)
        return readFileSync(file, 'utf8').trim()
      },
    }
  }

  test('closing a shell ends its running script', async () => {
    const connection = await connect(target(), testEffects(), calm)
    const shell = await openShell(connection, { signal: calm })
    const { command, pid } = sleeper('closed')
    const reply = shell.run(command, { timeout: patience, signal: calm })
    const running = await pid()
    assert.equal(alive(running), true)
    await shell.close()
    assert.deepEqual(await reply, { kind: 'lost', why: 'the shell was closed' })
    assert.equal(alive(running), false)
    await connection.close()
  })

  test('a program that the server does not kill causes no delay', async () => {
    const connection = await connect(target(), testEffects(), calm)
    const { command, pid } = sleeper('killed')
    const channel = await connection.open(command, calm)
    const running = await pid()
    channel.kill()
    assert.notEqual((await channel.ended).kind, 'exited')
    await connection.close()
    // If it still runs, no other code ends it.
    spawnSync('kill', ['-9', running])
  })

  test('many channels are distributed over connections of four each', async () => {
    const connection = await connect(target(), testEffects(), calm)
    const shells = await Promise.all(
      Array.from({ length: 14 }, () => openShell(connection, { signal: calm })),
    )
    const parents = await Promise.all(
      shells.map(async (shell) => {
        const reply = await shell.run('read -r x <"/proc/$$/stat"; set -- ${x##*) }; echo "$2"', {
          timeout: patience,
          signal: calm,
        })
        return summary(reply)
      }),
    )
    const counts = new Map<string, number>()
    for (const parent of parents) counts.set(parent, (counts.get(parent) ?? 0) + 1)
    assert.deepEqual(Math.max(...counts.values()), 4)
    await connection.close()
    for (const shell of shells) assert.equal(shell.gone.aborted, true)
  })

  test('after a reset during a script, the connection is lost and opens again', async (t) => {
    const proxy = await startProxy(server.port)
    t.after(() => proxy.close())
    const knownHosts = join(server.folder, 'proxied')
    writeFileSync(knownHosts, knownHostsLine(proxy.port, server.hostKey))
    const connection = await connect(target({ port: proxy.port, knownHosts }), testEffects(), calm)
    for (const cut of ['reset', 'end'] as const) {
      const shell = await openShell(connection, { signal: calm })
      const begun = join(server.folder, `begun-${cut}`)
      const running = shell.run(`: >${begun}; sleep 300`, { timeout: patience, signal: calm })
      while (!existsSync(begun)) await delay(20)
      proxy.cut(cut)
      const reply = await running
      assert.equal(reply.kind, 'lost')
      assert.equal(shell.gone.aborted, true)
    }
    await helloOn(connection)
    await connection.close()
  })

  test('a server that is too busy for a handshake is tried again', async (t) => {
    let dropped = 0
    const proxy = await startProxy(server.port, () => (dropped += 1) <= 2)
    t.after(() => proxy.close())
    const knownHosts = join(server.folder, 'busy')
    writeFileSync(knownHosts, knownHostsLine(proxy.port, server.hostKey))
    const waits: number[] = []
    await hello(target({ port: proxy.port, knownHosts }), {
      sleep: async (milliseconds) => void waits.push(milliseconds),
    })
    assert.equal(waits.length, 2)
  })

  test('a host that accepts the connection but sends nothing times out', async () => {
    const mute = createServer((socket) => socket.on('error', () => {}))
    const port = await listening(mute)
    const { problem } = await refusal(target({ port, connectTimeout: 0.3 }))
    assert.equal(problem.code, 'connection-timeout')
    mute.close()
  })

  test('a server need not prove its other host keys', async () => {
    const { client, lost } = await dial(target(), shareSsh(testEffects()), calm)
    let proven = 0
    client.on('hostkeys', () => (proven += 1))
    // The answers of a server are in order, so the proof would arrive before the end of this.
    await new Promise<void>((resolve, reject) => {
      client.exec('true', (error, stream) => {
        if (error !== undefined) reject(error)
        else stream.on('close', resolve).resume()
      })
    })
    client.end()
    await lost
    assert.equal(proven, 0)
  })

  test('a cancelled connection attempt ends', async () => {
    const mute = createServer((socket) => socket.on('error', () => {}))
    const port = await listening(mute)
    const controller = new AbortController()
    const connecting = connect(target({ port }), testEffects(), controller.signal)
    setTimeout(() => controller.abort(new Error('enough')), 100)
    await assert.rejects(connecting, /enough/)
    mute.close()
  })

  test('a pool opens one connection for equal targets', async () => {
    const pool = new ConnectionPool(testEffects())
    const [one, two] = await Promise.all([pool.connect(target(), calm), pool.connect(target(), calm)])
    assert.equal(one, two)
    const other = await pool.connect(target({ user: userInfo().username }), calm)
    assert.equal(other, one)
    await pool.close()
    await pool.close()
  })
})
