/** Channels of an SSH connection: how they are shared, how they end, and what happens when a server is slow or goes away. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionPool, connect } from './connect.ts'
import { openShell } from './shell.ts'
import { dial, type SshTarget } from './ssh-dial.ts'
import { shareSsh } from './ssh-shared.ts'
import { testEffects } from './testing/effects.ts'
import { type Sshd, knownHostsLine, startSshd, withoutSshd } from './testing/sshd.ts'
import { calm, hello, helloOn, patience, refusal, summary, targetOf } from './testing/login.ts'
import { listening, startProxy } from './testing/proxy.ts'

describe('channels of a real sshd', { skip: withoutSshd(), concurrency: 4 }, () => {
  let server: Sshd
  before(async () => {
    server = await startSshd()
  })
  after(() => server.stop())
  const target = (changes: Partial<SshTarget> = {}): SshTarget => targetOf(server, changes)

  test('a shell that is closed under its script takes the script with it', async () => {
    const connection = await connect(target(), testEffects(), calm)
    const shell = await openShell(connection, { signal: calm })
    const reply = shell.run('echo $$; exec sleep 86399', { timeout: patience, signal: calm })
    await delay(300)
    await shell.close()
    assert.deepEqual(await reply, { kind: 'lost', why: 'the shell was closed' })
    assert.equal(spawnSync('pgrep', ['-f', '^sleep 86399']).status, 1)
    await connection.close()
  })

  test('a program that the server does not kill keeps nobody waiting', async () => {
    const connection = await connect(target(), testEffects(), calm)
    const channel = await connection.open('exec sleep 86398', calm)
    channel.kill()
    assert.notEqual((await channel.ended).kind, 'exited')
    await connection.close()
    spawnSync('pkill', ['-f', '^sleep 86398'])
  })

  test('many channels spread over connections of four', async () => {
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

  test('a connection that is reset under a script is lost, and opens anew', async (t) => {
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

  test('a server that is too busy for a handshake is asked again', async (t) => {
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

  test('a host that accepts and then says nothing times out', async () => {
    const mute = createServer((socket) => socket.on('error', () => {}))
    const port = await listening(mute)
    const { problem } = await refusal(target({ port, connectTimeout: 0.3 }))
    assert.equal(problem.code, 'connection-timeout')
    mute.close()
  })

  test('a server is not asked to prove the host keys that it has besides', async () => {
    const { client, lost } = await dial(target(), shareSsh(testEffects()), calm)
    let proven = 0
    client.on('hostkeys', () => (proven += 1))
    // What the server answers comes in order: the proof would come before the end of this.
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

  test('giving up ends a connection attempt', async () => {
    const mute = createServer((socket) => socket.on('error', () => {}))
    const port = await listening(mute)
    const controller = new AbortController()
    const connecting = connect(target({ port }), testEffects(), controller.signal)
    setTimeout(() => controller.abort(new Error('enough')), 100)
    await assert.rejects(connecting, /enough/)
    mute.close()
  })

  test('a pool makes a connection once, for equal targets', async () => {
    const pool = new ConnectionPool(testEffects())
    const [one, two] = await Promise.all([pool.connect(target(), calm), pool.connect(target(), calm)])
    assert.equal(one, two)
    const other = await pool.connect(target({ user: userInfo().username }), calm)
    assert.equal(other, one)
    await pool.close()
    await pool.close()
  })
})
