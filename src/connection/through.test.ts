import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, describe, test } from 'node:test'
import { UnreachableError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { becomeConnection } from './become.ts'
import { ConnectionPool } from './connect.ts'
import type { Connection, ShellReply } from './connection.ts'
import { localConnection } from './local.ts'
import { pctConnection } from './pct.ts'
import { openShell } from './shell.ts'
import { testEffects } from './testing/effects.ts'
import { type Upload, upload } from './upload.ts'

const calm = new AbortController().signal
/** So long that only what never ends meets it, however busy the machine is. */
const patience = 120_000
const isRoot = userInfo().uid === 0

/** This machine with programs of ours found first. */
function machineWith(folder: string): Connection {
  const PATH = `${folder}:${spawnSync('/bin/sh', ['-c', 'echo "$PATH"']).stdout.toString().trim()}`
  return localConnection(
    testEffects({
      spawn: (file, argv, { group }) =>
        spawn(file, argv, { detached: group, stdio: 'pipe', env: { PATH, HOME: folder } }),
    }),
  )
}

function program(folder: string, name: string, script: string): void {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${script}`)
  chmodSync(file, 0o755)
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-through-'))
  chmodSync(folder, 0o755)
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function problemOf(connection: Connection): Promise<UnreachableError> {
  try {
    await (await openShell(connection, { signal: calm })).close()
  } catch (error) {
    if (error instanceof UnreachableError) return error
    throw error
  }
  assert.fail('a shell was opened')
}

async function say(connection: Connection, script: string): Promise<string> {
  const shell = await openShell(connection, { signal: calm })
  const reply: ShellReply = await shell.run(script, { timeout: patience, signal: calm })
  await shell.close()
  if (reply.kind !== 'exited') assert.fail(JSON.stringify(reply))
  return reply.stdout.toString().trim()
}

/** Keeps what the real one does: statuses, messages, argument order. */
const fakePct = `echo "$*" >>"$HOME/calls"
[ "$1" = exec ] && [ "$3 $4 $5" = '--keep-env 0 --' ] || { echo '400 wrong usage' >&2; exit 2; }
case $2 in
101) shift 5; exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin CTID=101 "$@" ;;
102) echo 'container 102 not running!' >&2; exit 255 ;;
103) exec sleep 60 ;;
*) echo "Configuration file 'nodes/pve1/lxc/$2.conf' does not exist" >&2; exit 2 ;;
esac
`

test('the shell of a container answers many scripts over one pct exec', async () => {
  const folder = scratch()
  program(folder, 'pct', fakePct)
  const node = machineWith(folder)
  const shell = await openShell(pctConnection(node, '101'), { signal: calm })
  for (let count = 0; count < 20; count += 1) {
    const reply = await shell.run('echo "$CTID in $LC_ALL"; exit 9', { timeout: patience, signal: calm })
    assert.ok(reply.kind === 'exited' && reply.code === 9)
    assert.equal(reply.stdout.toString(), '101 in C.UTF-8\n')
  }
  // On a busy machine the shell may look held now and then, which costs a call.
  const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').length
  assert.ok(calls < 15, `${calls} calls of pct`)
  const late = await shell.run('sleep 100', { timeout: 300, signal: calm })
  assert.equal(late.kind, 'timedOut')
  await node.close()
  assert.equal(shell.gone.aborted, true)
})

test('a container that is missing, stopped or on no Proxmox node is said', async () => {
  const folder = scratch()
  const node = machineWith(folder)
  const without = await problemOf(pctConnection(node, '101'))
  assert.equal(without.problem.code, existsSync('/usr/sbin/pct') ? without.problem.code : 'pct-missing')
  program(folder, 'pct', fakePct)
  assert.equal((await problemOf(pctConnection(node, '999'))).problem.code, 'container-missing')
  assert.equal((await problemOf(pctConnection(node, '102'))).problem.code, 'container-stopped')
  assert.equal((await problemOf(pctConnection(node, '1; true'))).problem.code, 'container-missing')
  await node.close()
})

test('the containers of a node share what leads to it', async () => {
  const folder = scratch()
  program(folder, 'pct', fakePct)
  let spawned = 0
  const PATH = `${folder}:/usr/sbin:/usr/bin:/sbin:/bin`
  const pool = new ConnectionPool(
    testEffects({
      spawn: (file, argv, { group }) => {
        spawned += 1
        return spawn(file, argv, { detached: group, stdio: 'pipe', env: { PATH, HOME: folder } })
      },
    }),
  )
  const node = { kind: 'local' } as const
  const [one, same] = await Promise.all([
    pool.connect({ kind: 'pct', ctid: '101', node }, calm),
    pool.connect({ kind: 'pct', ctid: '101', node }, calm),
  ])
  assert.equal(one, same)
  assert.equal(spawned, 0)
  assert.equal(await say(one, 'echo "$CTID"'), '101')
  assert.ok(spawned > 0)
  await pool.close()
})

/** Behaves as sudo does with -S and -p: three tries, the prompt on stderr. */
const fakeSudo = `while [ $# -gt 0 ]; do case $1 in
-k|-S) shift ;; -p) prompt=$2; shift 2 ;; -u) user=$2; shift 2 ;; --) shift; break ;; *) exit 1 ;; esac; done
for try in 1 2 3; do
printf %s "$prompt" >&2
read -r answer || { echo 'sudo: no password was provided' >&2; exit 1; }
echo "asked" >>"$HOME/asked"
[ "$answer" = 'correct horse' ] && SUDO_USER=$user exec "$@"
echo 'Sorry, try again.' >&2
done
exit 1
`

describe('becoming another user', () => {
  const other = { user: 'gpuplay-nobody', method: 'sudo' } as const

  test('the password is given once, and nothing after it is swallowed', async () => {
    const folder = scratch()
    program(folder, 'sudo', fakeSudo)
    const become = becomeConnection(machineWith(folder), { ...other, password: new Secret('correct horse') })
    const shell = await openShell(become, { signal: calm })
    const replies = await Promise.all(
      [1, 2, 3].map((number) => shell.run(`echo ${number}`, { timeout: patience, signal: calm })),
    )
    assert.deepEqual(
      replies.map((reply) => (reply.kind === 'exited' ? reply.stdout.toString() : reply.kind)),
      ['1\n', '2\n', '3\n'],
    )
    assert.equal(readFileSync(join(folder, 'asked'), 'utf8'), 'asked\n')
    await become.close()
  })

  test('a wrong password is tried once, ever, and never shown', async () => {
    const folder = scratch()
    program(folder, 'sudo', fakeSudo)
    const become = becomeConnection(machineWith(folder), { ...other, password: new Secret('battery staple') })
    for (let count = 0; count < 3; count += 1) {
      const { problem } = await problemOf(become)
      assert.equal(problem.code, 'become-password-wrong')
      assert.ok(!JSON.stringify(problem).includes('battery'))
    }
    assert.equal(readFileSync(join(folder, 'asked'), 'utf8'), 'asked\n')
    await become.close()
  })

  test('a password that is asked for and not given is said', async () => {
    const folder = scratch()
    program(folder, 'sudo', fakeSudo)
    const become = becomeConnection(machineWith(folder), other)
    assert.equal((await problemOf(become)).problem.code, 'become-password-needed')
    await become.close()
  })

  for (const [code, said] of [
    ['become-needs-tty', 'sudo: sorry, you must have a tty to run sudo'],
    ['become-not-allowed', 'ann is not in the sudoers file.  This incident will be reported.'],
    ['become-unknown-user', 'sudo: unknown user: gpuplay-nobody'],
    ['become-failed', 'sudo: /etc/sudo.conf is owned by uid 1, should be 0'],
  ] as const) {
    test(`what sudo says is understood: ${code}`, async () => {
      const folder = scratch()
      program(folder, 'sudo', `echo '${said}' >&2; exit 1\n`)
      const become = becomeConnection(machineWith(folder), other)
      const { problem } = await problemOf(become)
      assert.equal(problem.code, code)
      assert.ok(problem.message.includes(said))
      await become.close()
    })
  }

  for (const [name, script, said] of [
    [
      'ends at once',
      'echo This account is currently not available.; exit 1',
      /it ended with status 1 \(This account/,
    ],
    ['runs something else', 'echo forced >&2', /it ended with status 0 \(forced\)/],
  ] as const) {
    test(`a login shell that ${name} is not taken for sudo`, async () => {
      const near = machineWith(scratch())
      const login: Connection = { ...near, open: (_command, signal) => near.open(script, signal) }
      const { problem } = await problemOf(becomeConnection(login, other))
      assert.equal(problem.code, 'no-shell')
      assert.match(problem.message, /^the login succeeds, but no shell runs: /)
      assert.match(problem.message, said)
    })
  }

  test('who already is that user needs no sudo', async () => {
    const folder = scratch()
    program(folder, 'sudo', 'echo no sudo here >&2; exit 1\n')
    const become = becomeConnection(machineWith(folder), { ...other, user: userInfo().username })
    assert.equal(await say(become, 'id -un'), userInfo().username)
    await become.close()
  })

  const withoutSudo = !isRoot ? 'needs root' : existsSync('/usr/bin/sudo') ? false : 'sudo is not installed'
  test('the real sudo lets an account in with its password, once', { skip: withoutSudo }, async () => {
    const folder = scratch()
    const account = `gpuplay${randomBytes(3).toString('hex')}`
    const rule = `/etc/sudoers.d/${account}`
    after(() => {
      rmSync(rule, { force: true })
      spawnSync('userdel', ['-f', account])
    })
    assert.equal(spawnSync('useradd', ['-M', '-N', '-d', folder, '-s', '/bin/sh', account]).status, 0)
    assert.equal(spawnSync('chpasswd', { input: `${account}:correct horse\n` }).status, 0)
    writeFileSync(rule, `${account} ALL=(ALL) ALL\n`, { mode: 0o440 })
    const login = localConnection(
      testEffects({
        spawn: (file, argv, { group }) =>
          spawn('setpriv', ['--reuid', account, '--clear-groups', file, ...argv], {
            detached: group,
            stdio: 'pipe',
          }),
      }),
    )
    const right = becomeConnection(login, {
      user: 'root',
      method: 'sudo',
      password: new Secret('correct horse'),
    })
    assert.equal(await say(right, 'id -u'), '0')
    const wrong = becomeConnection(login, { user: 'root', method: 'sudo', password: new Secret('nope') })
    assert.equal((await problemOf(wrong)).problem.code, 'become-password-wrong')
    const none = becomeConnection(login, { user: 'root', method: 'sudo' })
    assert.equal((await problemOf(none)).problem.code, 'become-password-needed')
    writeFileSync(rule, `${account} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 })
    assert.equal(await say(none, 'id -u'), '0')
    await login.close()
  })

  test('root without sudo uses su', { skip: isRoot ? false : 'needs root' }, async () => {
    const folder = scratch()
    for (const name of ['id', 'su', 'sh', 'cat']) {
      const found = spawnSync('/bin/sh', ['-c', `command -v ${name}`])
        .stdout.toString()
        .trim()
      program(folder, name, `exec ${found} "$@"\n`)
    }
    const bare = localConnection(
      testEffects({
        spawn: (file, argv, { group }) =>
          spawn(file, argv, { detached: group, stdio: 'pipe', env: { PATH: folder } }),
      }),
    )
    assert.equal(await say(becomeConnection(bare, { user: 'nobody', method: 'sudo' }), 'id -un'), 'nobody')
    await bare.close()
  })
})

describe('uploading', () => {
  const connection = localConnection(testEffects())
  after(() => connection.close())

  async function send(
    changes: Partial<Upload> & Pick<Upload, 'source' | 'path'>,
    by = connection,
  ): Promise<string> {
    const result = await upload(by, { mode: '0644', signal: calm, ...changes })
    return result.kind === 'failed' ? result.problem.code : result.kind
  }

  test('bytes, a file and a stream arrive whole, with their mode, and nothing else is left', async () => {
    const folder = scratch()
    const source = join(folder, 'source')
    const bytes = randomBytes(3_000_001)
    writeFileSync(source, bytes)
    const there = join(folder, 'there')
    mkdirSync(there)
    assert.equal(await send({ source, path: `${there}/it's a file`, mode: '0750' }), 'sent')
    assert.ok(readFileSync(`${there}/it's a file`).equals(bytes))
    assert.equal(statSync(`${there}/it's a file`).mode & 0o777, 0o750)
    assert.equal(await send({ source: Readable.from([bytes, bytes]), path: `${there}/stream` }), 'sent')
    assert.ok(readFileSync(`${there}/stream`).equals(Buffer.concat([bytes, bytes])))
    assert.equal(await send({ source: Buffer.alloc(0), path: `${there}/stream` }), 'sent')
    assert.equal(statSync(`${there}/stream`).size, 0)
    assert.deepEqual(readdirSync(there).sort(), ["it's a file", 'stream'])
  })

  test('what goes wrong leaves the old file and nothing beside it', async () => {
    const folder = scratch()
    const path = join(folder, 'file')
    writeFileSync(path, 'old')
    assert.equal(await send({ source: Buffer.from('new'), path, sha256: '0'.repeat(64) }), 'wrong-checksum')
    assert.equal(await send({ source: '/does/not/exist', path }), 'upload-source-unreadable')
    const breaks = new Readable({
      read() {
        this.push(randomBytes(100_000))
        this.destroy(new Error('the source broke'))
      },
    })
    assert.equal(await send({ source: breaks, path }), 'upload-source-unreadable')
    assert.equal(await send({ source: Buffer.from('x'), path: folder }), 'upload-failed')
    assert.equal(await send({ source: Buffer.from('x'), path: `${folder}/no/such/folder` }), 'upload-failed')
    assert.deepEqual(readdirSync(folder), ['file'])
    assert.equal(readFileSync(path, 'utf8'), 'old')
  })

  test(
    'a full disk is said',
    { skip: isRoot ? false : 'needs root to mount a small file system' },
    async (t) => {
      const folder = scratch()
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder]).status !== 0) {
        t.skip('no file system can be mounted here')
        return
      }
      try {
        assert.equal(await send({ source: randomBytes(20_000_000), path: join(folder, 'big') }), 'disk-full')
        assert.deepEqual(readdirSync(folder), [])
      } finally {
        spawnSync('umount', [folder])
      }
    },
  )

  test('giving up ends it, and cleans up there', async () => {
    const folder = scratch()
    const controller = new AbortController()
    const endless = new Readable({ read: () => {} })
    endless.push(randomBytes(1000))
    const sending = upload(connection, {
      source: endless,
      path: join(folder, 'f'),
      mode: '0644',
      signal: controller.signal,
    })
    setTimeout(() => {
      controller.abort(new Error('enough'))
      endless.destroy(new Error('enough'))
    }, 300)
    await assert.rejects(sending, /enough/)
    assert.equal(existsSync(join(folder, 'f')), false)
  })

  test('a host that dies under it is lost, never sent', async () => {
    const folder = scratch()
    program(folder, 'cat', 'head -c 100000 >/dev/null; kill -9 $PPID; sleep 1\n')
    const dying = machineWith(folder)
    const result = await upload(dying, {
      source: randomBytes(5_000_000),
      path: join(folder, 'f'),
      mode: '0644',
      signal: calm,
    })
    assert.equal(result.kind, 'lost')
    await dying.close()
  })

  test('files go through pct and become as well', async () => {
    const folder = scratch()
    program(folder, 'pct', fakePct)
    program(folder, 'sudo', fakeSudo)
    const become = becomeConnection(machineWith(folder), {
      user: 'gpuplay-nobody',
      method: 'sudo',
      password: new Secret('correct horse'),
    })
    const bytes = randomBytes(300_000)
    assert.equal(
      await send({ source: bytes, path: join(folder, 'inside') }, pctConnection(become, '101')),
      'sent',
    )
    assert.ok(readFileSync(join(folder, 'inside')).equals(bytes))
    await become.close()
  })
})
