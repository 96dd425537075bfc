import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type Socket, connect as connectTcp, createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { UnreachableError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { ConnectionPool, connect } from './connect.ts'
import type { Connection, ShellReply, Target } from './connection.ts'
import type { ConnectEffects } from './effects.ts'
import { openShell } from './shell.ts'
import { dial, type SshTarget } from './ssh-dial.ts'
import { shareSsh } from './ssh-shared.ts'
import { testEffects } from './testing/effects.ts'
import { type Sshd, knownHostsLine, makeKey, startSshd, withoutSshd } from './testing/sshd.ts'

const calm = new AbortController().signal
/** So long that only what never ends meets it, however busy the machine is. */
const patience = 120_000

describe('a real sshd', { skip: withoutSshd(), concurrency: 4 }, () => {
  let server: Sshd
  before(async () => {
    server = await startSshd()
  })
  after(() => server.stop())

  function target(changes: Partial<SshTarget> = {}): SshTarget {
    const { port, user, key, knownHosts } = server
    return {
      kind: 'ssh',
      address: '127.0.0.1',
      port,
      user,
      privateKey: key,
      knownHosts,
      hostKeyChecking: 'strict',
      ...changes,
    }
  }

  async function refusal(wanted: Target, effects: Partial<ConnectEffects> = {}): Promise<UnreachableError> {
    try {
      const connection = await connect(wanted, testEffects(effects), calm)
      try {
        await openShell(connection, { signal: calm })
      } finally {
        await connection.close()
      }
    } catch (error) {
      if (error instanceof UnreachableError) return error
      throw error
    }
    assert.fail('the host let us in')
  }

  async function hello(wanted: Target, effects: Partial<ConnectEffects> = {}): Promise<void> {
    const connection = await connect(wanted, testEffects(effects), calm)
    await helloOn(connection)
    await connection.close()
  }

  async function helloOn(connection: Connection): Promise<void> {
    const shell = await openShell(connection, { signal: calm })
    const reply = await shell.run('echo hello; exit 4', { timeout: patience, signal: calm })
    assert.deepEqual(summary(reply), 'hello 4')
    await shell.close()
  }

  for (const kind of ['ssh', 'openssh'] as const) {
    describe(`by ${kind}`, () => {
      test('a known host and a right key let us in', async () => {
        await hello(target({ kind }))
      })

      test('a host key that is not known is refused, with the command that helps', async () => {
        const knownHosts = join(server.folder, `none-${kind}`)
        const error = await refusal(target({ kind, knownHosts }))
        assert.equal(error.problem.code, 'host-key-unknown')
        assert.match(error.problem.hint ?? '', /accept-new/)
      })

      test('a host key that changed is refused, even by accept-new', async () => {
        const knownHosts = join(server.folder, `changed-${kind}`)
        writeFileSync(knownHosts, knownHostsLine(server.port, makeKey(join(server.folder, `other-${kind}`))))
        for (const hostKeyChecking of ['strict', 'accept-new'] as const) {
          const error = await refusal(target({ kind, knownHosts, hostKeyChecking }))
          assert.equal(error.problem.code, 'host-key-changed')
          assert.match(error.problem.hint ?? '', /ssh-keygen .*-R/)
        }
      })

      test('accept-new writes an unknown key down, and knows it from then on', async () => {
        const knownHosts = join(server.folder, `new-${kind}`)
        await hello(target({ kind, knownHosts, hostKeyChecking: 'accept-new' }))
        const key = readFileSync(`${server.hostKey}.pub`, 'utf8').split(' ')[1] ?? ''
        assert.ok(readFileSync(knownHosts, 'utf8').includes(`[127.0.0.1]:${server.port} ssh-ed25519 ${key}`))
        await hello(target({ kind, knownHosts }))
      })

      test('a wrong key is refused', async () => {
        const privateKey = makeKey(join(server.folder, `wrong-${kind}`))
        const error = await refusal(target({ kind, privateKey }))
        assert.equal(error.problem.code, 'authentication-failed')
      })

      test('a port where nothing listens is refused', async () => {
        const error = await refusal(target({ kind, port: 1 }))
        assert.equal(error.problem.code, 'connection-refused')
      })

      test('a name that does not exist is said', async () => {
        const error = await refusal(target({ kind, address: 'no-such-host.invalid' }))
        assert.equal(error.problem.code, 'name-not-resolved')
      })

      test('a script runs out of time and the shell goes on', async () => {
        const connection = await connect(target({ kind }), testEffects(), calm)
        const shell = await openShell(connection, { signal: calm })
        const late = await shell.run('echo a; sleep 200', { timeout: 500, signal: calm })
        assert.equal(late.kind, 'timedOut')
        assert.equal(summary(await shell.run('echo b', { timeout: patience, signal: calm })), 'b 0')
        await connection.close()
      })
    })
  }

  test('a changed key tells what was shown and how to forget the old one', async () => {
    const knownHosts = join(server.folder, 'told')
    writeFileSync(
      knownHosts,
      `# mine\n${knownHostsLine(server.port, makeKey(join(server.folder, 'told-key')))}`,
    )
    const { problem } = await refusal(target({ knownHosts }))
    assert.match(
      problem.message,
      /is not the one in .*told line 2: it shows ssh-ed25519 SHA256:\S+, known is ssh-ed25519 SHA256:/,
    )
    assert.match(problem.hint ?? '', /`ssh-keygen -f \S+told -R '\[127\.0\.0\.1\]:\d+'`/)
  })

  test('a revoked key is refused even when nothing is checked', async () => {
    const knownHosts = join(server.folder, 'revoked')
    const line = knownHostsLine(server.port, server.hostKey)
    writeFileSync(knownHosts, `${line}@revoked ${line}`)
    const error = await refusal(target({ knownHosts, hostKeyChecking: 'off' }))
    assert.equal(error.problem.code, 'host-key-revoked')
  })

  test('known hosts that cannot be read close the door', async () => {
    const error = await refusal(target({ knownHosts: server.folder, hostKeyChecking: 'off' }))
    assert.equal(error.problem.code, 'known-hosts-unreadable')
  })

  test('a login that fails says which keys were tried', async () => {
    const privateKey = makeKey(join(server.folder, 'tried'))
    const { problem } = await refusal(target({ privateKey }))
    assert.match(problem.message, new RegExp(`refuses the login; tried: key ${privateKey}`))
    assert.match(problem.message, /accepts publickey/)
  })

  test('an encrypted key needs its passphrase', async () => {
    const privateKey = makeKey(join(server.folder, 'locked'), { passphrase: 'open sesame' })
    appendFileSync(join(server.folder, 'authorized_keys'), readFileSync(`${privateKey}.pub`))
    assert.equal((await refusal(target({ privateKey }))).problem.code, 'passphrase-needed')
    const wrong = await refusal(target({ privateKey, passphrase: new Secret('close sesame') }))
    assert.equal(wrong.problem.code, 'passphrase-wrong')
    assert.ok(!JSON.stringify(wrong.problem).includes('sesame'))
    await hello(target({ privateKey, passphrase: new Secret('open sesame') }))
  })

  test('a key file that is missing is said, not passed over', async () => {
    const { problem } = await refusal(target({ privateKey: '/does/not/exist' }))
    assert.equal(problem.code, 'private-key-unreadable')
    assert.match(problem.message, /\/does\/not\/exist/)
  })

  test('the agent opens what a locked key file cannot', async (t) => {
    const socket = join(server.folder, 'agent')
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
    t.after(() => agent.kill())
    const privateKey = makeKey(join(server.folder, 'kept'), { passphrase: 'x1y2z3' })
    appendFileSync(join(server.folder, 'authorized_keys'), readFileSync(`${privateKey}.pub`))
    const plain = join(server.folder, 'kept-plain')
    spawnSync('cp', [privateKey, plain])
    chmodSync(plain, 0o600)
    spawnSync('ssh-keygen', ['-q', '-p', '-P', 'x1y2z3', '-N', '', '-f', plain])
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const added = spawnSync('ssh-add', [plain], { env: { SSH_AUTH_SOCK: socket } })
      if (added.status === 0) break
    }
    await hello(target({ privateKey }), { agentSocket: socket })
    const { privateKey: _none, ...withoutKey } = target()
    await hello(withoutKey, { agentSocket: socket })
  })

  test('the configuration of ssh is followed: alias, port, user, key, known hosts', async () => {
    const config = join(server.folder, 'config')
    writeFileSync(
      config,
      `Host lab\n HostName 127.0.0.1\n Port ${server.port}\n User ${server.user}\n IdentityFile ${server.key}\n UserKnownHostsFile ${server.knownHosts}\n`,
    )
    await hello({ kind: 'ssh', address: 'lab' }, { sshConfig: config })
    writeFileSync(config, 'NoSuchOption yes\n')
    const { problem } = await refusal({ kind: 'ssh', address: 'lab' }, { sshConfig: config })
    assert.equal(problem.code, 'ssh-config-invalid')
  })

  test('an address that ssh would take for an option is refused', async () => {
    const { problem } = await refusal(target({ address: '-oProxyCommand=touch /tmp/owned' }))
    assert.equal(problem.code, 'invalid-address')
  })

  test('a jump host leads on, and its own key is checked too', async () => {
    const bastion = await startSshd()
    try {
      const both = join(server.folder, 'both')
      appendFileSync(join(bastion.folder, 'authorized_keys'), readFileSync(`${server.key}.pub`))
      const proxyJump = `${bastion.user}@127.0.0.1:${bastion.port}`
      writeFileSync(both, readFileSync(server.knownHosts))
      const unknown = await refusal(target({ proxyJump, knownHosts: both }))
      assert.equal(unknown.problem.code, 'host-key-unknown')
      assert.match(
        unknown.problem.message,
        /^127\.0\.0\.1 cannot be reached through its jump host 127\.0\.0\.1: the host key/,
      )
      const program = await refusal(target({ kind: 'openssh', proxyJump, knownHosts: both }))
      assert.match(program.problem.message, /^127\.0\.0\.1 cannot be reached through its jump host: /)
      appendFileSync(both, readFileSync(bastion.knownHosts))
      await hello(target({ proxyJump, knownHosts: both }))
      await hello(target({ proxyJump: `${proxyJump},${proxyJump}`, knownHosts: both }))
      const beyond = await refusal(target({ proxyJump, knownHosts: both, port: 1 }))
      assert.equal(beyond.problem.code, 'jump-refused')
    } finally {
      await bastion.stop()
    }
  })

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

function summary(reply: ShellReply): string {
  if (reply.kind !== 'exited') assert.fail(`expected a script that exited, got ${JSON.stringify(reply)}`)
  return `${reply.stdout.toString().trim()} ${reply.code}`
}

function listening(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

async function startProxy(
  port: number,
  drop: () => boolean = () => false,
): Promise<{ port: number; cut(how: 'reset' | 'end'): void; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    near.on('error', () => {})
    if (drop()) {
      near.destroy()
      return
    }
    const far = connectTcp(port, '127.0.0.1')
    far.on('error', () => {})
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    near.pipe(far).pipe(near)
    sockets.add(near)
  })
  return {
    port: await listening(server),
    cut(how) {
      for (const socket of sockets) {
        if (how === 'reset') socket.resetAndDestroy()
        else socket.end()
      }
      sockets.clear()
    },
    close: () => server.close(),
  }
}
