import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Secret } from '../base/secret.ts'
import { connect } from './connect.ts'
import { openShell } from './open-shell.ts'
import type { SshTarget } from './ssh-dial.ts'
import { testEffects } from './testing/test-effects.ts'
import { type Sshd, knownHostsLine, makeKey, startSshd, withoutSshd } from './testing/sshd.ts'
import { hello, refusal, summary, sshTargetOf } from './testing/ssh-login.ts'
import { calm, patience } from './testing/shells.ts'

describe('a real sshd', { skip: withoutSshd(), concurrency: 4 }, () => {
  let server: Sshd
  before(async () => {
    server = await startSshd()
  })
  after(() => server.stop())

  const target = (changes: Partial<SshTarget> = {}): SshTarget => sshTargetOf(server, changes)

  for (const kind of ['ssh', 'openssh'] as const) {
    describe(`by ${kind}`, () => {
      test('a known host accepts the right key', async () => {
        await hello(target({ kind }))
      })

      test('an unknown host key is refused, with the command to accept it', async () => {
        const knownHosts = join(server.folder, `none-${kind}`)
        const error = await refusal(target({ kind, knownHosts }))
        assert.equal(error.problem.code, 'host-key-unknown', error.problem.message)
        assert.match(error.problem.hint ?? '', /accept-new/)
      })

      test('a changed host key is refused, even with accept-new', async () => {
        const knownHosts = join(server.folder, `changed-${kind}`)
        writeFileSync(knownHosts, knownHostsLine(server.port, makeKey(join(server.folder, `other-${kind}`))))
        for (const hostKeyChecking of ['strict', 'accept-new'] as const) {
          const error = await refusal(target({ kind, knownHosts, hostKeyChecking }))
          assert.equal(error.problem.code, 'host-key-changed')
          assert.match(error.problem.hint ?? '', /ssh-keygen .*-R/)
        }
      })

      test('accept-new records an unknown key, and the key is known afterwards', async () => {
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

      test('a closed port is refused', async () => {
        const error = await refusal(target({ kind, port: 1 }))
        assert.equal(error.problem.code, 'connection-refused')
      })

      test('an unknown host name is reported', async () => {
        const error = await refusal(target({ kind, address: 'no-such-host.invalid' }))
        assert.equal(error.problem.code, 'name-not-resolved')
      })

      test('a script times out and the shell continues', async () => {
        const connection = await connect(target({ kind }), testEffects(), calm)
        const shell = await openShell(connection, { signal: calm })
        // The limit counts from when the script is sent. A busy machine may need longer than that to answer, and a
        // script that has not begun cannot be killed alone.
        const late = await shell.run('echo a; sleep 200', { timeout: 3000, signal: calm })
        assert.equal(late.kind, 'timedOut')
        assert.equal(summary(await shell.run('echo b', { timeout: patience, signal: calm })), 'b 0')
        await connection.close()
      })
    })
  }

  test('for a changed key, the hint has the command that removes the old one', async () => {
    const knownHosts = join(server.folder, 'told')
    writeFileSync(
      knownHosts,
      `# mine\n${knownHostsLine(server.port, makeKey(join(server.folder, 'told-key')))}`,
    )
    const { problem } = await refusal(target({ knownHosts }))
    assert.match(
      problem.message,
      /does not match .*told line 2: the host sent ssh-ed25519 SHA256:\S+, the file has ssh-ed25519 SHA256:/,
    )
    assert.match(problem.hint ?? '', /`ssh-keygen -f \S+told -R '\[127\.0\.0\.1\]:\d+'`/)
  })

  test('a revoked key is refused even if host key checking is off', async () => {
    const knownHosts = join(server.folder, 'revoked')
    const line = knownHostsLine(server.port, server.hostKey)
    writeFileSync(knownHosts, `${line}@revoked ${line}`)
    const error = await refusal(target({ knownHosts, hostKeyChecking: 'off' }))
    assert.equal(error.problem.code, 'host-key-revoked')
  })

  test('an unreadable known_hosts file refuses the connection', async () => {
    const error = await refusal(target({ knownHosts: server.folder, hostKeyChecking: 'off' }))
    assert.equal(error.problem.code, 'known-hosts-unreadable')
  })

  test('a failed login lists the tried keys', async () => {
    const privateKey = makeKey(join(server.folder, 'tried'))
    const { problem } = await refusal(target({ privateKey }))
    assert.match(problem.message, new RegExp(`refused the login; tried: key ${privateKey}`))
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

  test('a missing key file is reported, not skipped', async () => {
    const { problem } = await refusal(target({ privateKey: '/does/not/exist' }))
    assert.equal(problem.code, 'private-key-unreadable')
    assert.match(problem.message, /\/does\/not\/exist/)
  })

  test('the agent is used if a key file is encrypted', async (t) => {
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

  test('the ssh configuration applies: alias, port, user, key, known hosts', async () => {
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

  test('an address that ssh would parse as an option is refused', async () => {
    const { problem } = await refusal(target({ address: '-oProxyCommand=touch /tmp/owned' }))
    assert.equal(problem.code, 'invalid-address')
  })

  test('a jump host forwards the connection, and its own key is also checked', async () => {
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
        /^cannot reach 127\.0\.0\.1 through its jump host 127\.0\.0\.1: the host key/,
      )
      const program = await refusal(target({ kind: 'openssh', proxyJump, knownHosts: both }))
      assert.match(
        program.problem.message,
        /^cannot reach 127\.0\.0\.1 through its jump host \S+@127\.0\.0\.1:\d+: /,
      )
      appendFileSync(both, readFileSync(bastion.knownHosts))
      await hello(target({ proxyJump, knownHosts: both }))
      await hello(target({ proxyJump: `${proxyJump},${proxyJump}`, knownHosts: both }))
      const beyond = await refusal(target({ proxyJump, knownHosts: both, port: 1 }))
      assert.equal(beyond.problem.code, 'jump-refused')
      assert.match(beyond.problem.message, /^the jump host 127\.0\.0\.1 cannot reach 127\.0\.0\.1 port 1: /)
    } finally {
      await bastion.stop()
    }
  })
})
