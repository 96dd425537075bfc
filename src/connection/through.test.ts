import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { UnreachableError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { becomeConnection } from './become.ts'
import { ConnectionPool } from './connect.ts'
import type { Connection } from './connection.ts'
import { localConnection } from './local.ts'
import { pctConnection } from './pct.ts'
import { openShell } from './open-shell.ts'
import { testEffects } from './testing/test-effects.ts'
import {
  fakePct,
  fakeSudo,
  isRoot,
  machineWith,
  oldPct,
  program,
  scriptOutput,
  scratchFolder,
} from './testing/programs.ts'
import { calm, patience } from './testing/shells.ts'

async function problemOf(connection: Connection): Promise<UnreachableError> {
  try {
    await (await openShell(connection, { signal: calm })).close()
  } catch (error) {
    if (error instanceof UnreachableError) return error
    throw error
  }
  assert.fail('a shell was opened')
}

test('the shell of a container runs many scripts over one pct exec', async () => {
  const folder = scratchFolder()
  program(folder, 'pct', fakePct)
  const node = machineWith(folder)
  const shell = await openShell(pctConnection(node, '101'), { signal: calm })
  for (let count = 0; count < 20; count += 1) {
    const reply = await shell.run('echo "$CTID in $LC_ALL"; exit 9', { timeout: patience, signal: calm })
    assert.ok(reply.kind === 'exited' && reply.code === 9)
    assert.equal(reply.stdout.toString(), '101 in C.UTF-8\n')
  }
  // On a busy machine, the shell may sometimes seem to be in use, which costs a call.
  const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').length
  assert.ok(calls < 15, `${calls} calls of pct`)
  const late = await shell.run('sleep 100', { timeout: 3000, signal: calm })
  assert.equal(late.kind, 'timedOut')
  await node.close()
  assert.equal(shell.gone.aborted, true)
})

test('the environment of the node stays out of the container, also with a pct without --keep-env', async () => {
  const folder = scratchFolder()
  program(folder, 'pct', oldPct)
  const node = machineWith(folder)
  const connection = pctConnection(node, '101')
  const script =
    'echo "${SECRET_OF_NODE-unset} $container ${HOME-unset}"; command -v ls >/dev/null && echo path'
  assert.match(await scriptOutput(connection, script), /^unset lxc unset\npath$/)
  assert.match(await scriptOutput(connection, script), /^unset lxc unset\npath$/)
  const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')
  assert.equal(calls.filter((line) => line.includes('--keep-env')).length, 1)
  const other = pctConnection(node, '101')
  for (const said of await Promise.all([1, 2, 3].map(() => scriptOutput(other, script))))
    assert.match(said, /^unset lxc unset\npath$/)
  assert.equal((await problemOf(pctConnection(node, '999'))).problem.code, 'container-missing')
  await node.close()
})

test('a container that is missing, stopped or not on a Proxmox node is reported', async () => {
  const folder = scratchFolder()
  const node = machineWith(folder)
  const without = await problemOf(pctConnection(node, '101'))
  assert.equal(without.problem.code, existsSync('/usr/sbin/pct') ? without.problem.code : 'pct-missing')
  program(folder, 'pct', fakePct)
  assert.equal((await problemOf(pctConnection(node, '999'))).problem.code, 'container-missing')
  assert.equal((await problemOf(pctConnection(node, '102'))).problem.code, 'container-stopped')
  assert.equal((await problemOf(pctConnection(node, '1; true'))).problem.code, 'container-missing')
  await node.close()
})

test('the containers of a node share its connections', async () => {
  const folder = scratchFolder()
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
  assert.equal(await scriptOutput(one, 'echo "$CTID"'), '101')
  assert.ok(spawned > 0)
  await pool.close()
})

/** Behaves as sudo does with -S and -p: three tries, the prompt on stderr. */
describe('becoming another user', () => {
  const other = { user: 'gpuplay-nobody', method: 'sudo' } as const

  test('the password is sent once, and later input is not consumed', async () => {
    const folder = scratchFolder()
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

  test('a wrong password is tried only once and never shown', async () => {
    const folder = scratchFolder()
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

  test('a missing password is reported', async () => {
    const folder = scratchFolder()
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
    test(`the messages of sudo are recognized: ${code}`, async () => {
      const folder = scratchFolder()
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
      /it exited with status 1 \(This account/,
    ],
    ['runs something else', 'echo forced >&2', /it exited with status 0 \(forced\)/],
  ] as const) {
    test(`a login shell that ${name} is not mistaken for sudo`, async () => {
      const near = machineWith(scratchFolder())
      const login: Connection = { ...near, open: (_command, signal) => near.open(script, signal) }
      const { problem } = await problemOf(becomeConnection(login, other))
      assert.equal(problem.code, 'no-shell')
      assert.match(problem.message, /^the login succeeded, but no shell started: /)
      assert.match(problem.message, said)
    })
  }

  test('a login as the target user needs no sudo', async () => {
    const folder = scratchFolder()
    program(folder, 'sudo', 'echo no sudo here >&2; exit 1\n')
    const become = becomeConnection(machineWith(folder), { ...other, user: userInfo().username })
    assert.equal(await scriptOutput(become, 'id -un'), userInfo().username)
    await become.close()
  })

  const withoutSudo = !isRoot ? 'needs root' : existsSync('/usr/bin/sudo') ? false : 'sudo is not installed'
  test('the real sudo asks for the password of an account once', { skip: withoutSudo }, async () => {
    const folder = scratchFolder()
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
    assert.equal(await scriptOutput(right, 'id -u'), '0')
    const wrong = becomeConnection(login, { user: 'root', method: 'sudo', password: new Secret('nope') })
    assert.equal((await problemOf(wrong)).problem.code, 'become-password-wrong')
    const none = becomeConnection(login, { user: 'root', method: 'sudo' })
    assert.equal((await problemOf(none)).problem.code, 'become-password-needed')
    writeFileSync(rule, `${account} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 })
    assert.equal(await scriptOutput(none, 'id -u'), '0')
    await login.close()
  })

  test('root without sudo uses su', { skip: isRoot ? false : 'needs root' }, async () => {
    const folder = scratchFolder()
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
    assert.equal(
      await scriptOutput(becomeConnection(bare, { user: 'nobody', method: 'sudo' }), 'id -un'),
      'nobody',
    )
    await bare.close()
  })
})
