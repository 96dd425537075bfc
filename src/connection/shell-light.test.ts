/** Scripts that only read: their cost, and how they are cancelled. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ShellText } from '../base/shell.ts'
import { openShell } from './open-shell.ts'
import { cannotCount, countingCommand, forksOf } from './testing/forks.ts'
import { alive, exited, locally, onEveryShell, outputText, usual } from './testing/shells.ts'

const light = { ...usual, light: true }

onEveryShell('a light script', locally, ({ connection, command, folder, start }) => {
  test(
    'opening a shell costs one process if the kernel reports the architecture',
    { skip: cannotCount },
    async () => {
      const counted = await openShell(connection, {
        signal: usual.signal,
        command: countingCommand(command.slice('exec '.length)),
      })
      // The shell itself is number 1. Before Linux 6.1, a program reports the architecture.
      const second = existsSync('/proc/sys/kernel/arch') ? '3\n' : '4\n'
      assert.equal(await outputText(counted, "exec sh -c 'echo $$'", light), second)
      await counted.close()
    },
  )

  test('costs one process; a script with relays costs five', { skip: cannotCount }, async () => {
    const counted = await openShell(connection, {
      signal: usual.signal,
      command: countingCommand(command.slice('exec '.length)),
    })
    const helper = { name: 'greet', text: 'greet() { echo hello; }' as ShellText }
    const script = 'greet; cd /; gp_say done'
    const options = { ...usual, helpers: [helper], onSay: () => undefined }
    assert.equal(await forksOf(counted, () => outputText(counted, script, { ...options, light: true })), 1)
    assert.equal(await forksOf(counted, () => outputText(counted, script, options)), 5)
    await counted.close()
  })

  test('keeps the stdout, stderr, status and input of each script separate', async () => {
    const shell = await start()
    const replies = await Promise.all([
      shell.run('printf out; printf err >&2; exit 7', light),
      shell.run('cat; cat >&2', { ...light, stdin: Buffer.from("in\0%s'") }),
      shell.run('cat; read -r x; echo "[$x]"', light),
      shell.run('echo relayed; exit 3', usual),
      shell.run('', light),
    ])
    const answers = replies
      .map(exited)
      .map(({ stdout, stderr, code }) => [stdout.toString(), stderr.toString(), code])
    assert.deepEqual(answers, [
      ['out', 'err', 7],
      ["in\0%s'", '', 0],
      ['[]\n', '', 0],
      ['relayed\n', '', 3],
      ['', '', 0],
    ])
    await shell.close()
  })

  test('is killed with its children when it times out, and the next script runs', async () => {
    const shell = await start()
    const pids = join(folder, 'pids')
    const script = `exec 3>${pids}; echo $(exec sh -c 'echo $PPID') >&3; echo begun
trap '' TERM; sh -c 'sleep 303 & echo $! >&3'; (trap '' TERM; sleep 301 & echo $! >&3; sleep 302) & echo $! >&3; sleep 304`
    const [reply, next] = await Promise.all([
      shell.run(script, { ...light, timeout: 1500 }),
      shell.run('echo next', light),
    ])
    assert.ok(reply.kind === 'timedOut')
    assert.equal(reply.stdout.toString(), 'begun\n')
    assert.equal(exited(next).stdout.toString(), 'next\n')
    const started = spawnSync('cat', [pids]).stdout.toString().trim().split('\n')
    // No script owns a grandchild whose parent has ended: light scripts leave none behind.
    const below = started.filter((_, index) => index !== 1)
    assert.equal(below.length, 3)
    for (const pid of below) assert.equal(alive(pid), false, `process ${pid} lives`)
    spawnSync('kill', ['-9', started[1] ?? ''])
    await shell.close()
  })

  test('may leave a child running against its promise without affecting later scripts', async () => {
    const shell = await start()
    const go = join(folder, 'go')
    const wait = `while [ ! -e ${go} ]; do sleep 0.05; done`
    const reply = exited(
      await shell.run(`(${wait}; while echo late; echo late >&2; do sleep 0.02; done) & echo now`, light),
    )
    assert.equal(reply.stdout.toString(), 'now\n')
    writeFileSync(go, '')
    for (const options of [light, usual, light, usual]) {
      const later = exited(await shell.run('sleep 0.2; echo next; exit 4', options))
      assert.equal(later.code, 4)
      assert.match(later.stdout.toString(), /^(?:late\n)*next\n(?:late\n)*$/)
    }
    await shell.close()
  })
})
