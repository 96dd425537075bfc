import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import * as fc from 'fast-check'
import { openShell } from './open-shell.ts'
import { alive, calm, exited, locally, onEveryShell, outputText, usual } from './testing/shells.ts'

const withoutBusybox = existsSync('/bin/busybox') ? false : 'busybox is not installed'

onEveryShell('the framed shell', locally, ({ folder, start }) => {
  test('greets with data about its machine', async () => {
    const shell = await start()
    assert.match(shell.greeting.bootId, /^[0-9a-f-]{36}$/)
    assert.equal(shell.greeting.uid, Number(spawnSync('id', ['-u']).stdout.toString()))
    assert.equal(shell.greeting.hostname, spawnSync('uname', ['-n']).stdout.toString().trim())
    await shell.close()
    assert.equal(shell.gone.aborted, true)
    assert.equal((await shell.run('echo', usual)).kind, 'lost')
  })

  test('keeps the stdout, stderr and status of each script separate', async () => {
    const shell = await start()
    const reply = exited(await shell.run('printf out; printf err >&2; exit 7', usual))
    assert.deepEqual([reply.stdout.toString(), reply.stderr.toString(), reply.code], ['out', 'err', 7])
    const nothing = exited(await shell.run('', usual))
    assert.deepEqual([nothing.stdout.length, nothing.stderr.length, nothing.code], [0, 0, 0])
    await shell.close()
  })

  test('gives scripts no input, so that no script reads the next one', async () => {
    const shell = await start()
    const [first, second] = await Promise.all([
      outputText(shell, 'cat; echo a'),
      outputText(shell, 'read x; echo "b$x"'),
    ])
    assert.deepEqual([first, second], ['a\n', 'b\n'])
    await shell.close()
  })

  test('answers scripts that were sent ahead in order', async () => {
    const shell = await start()
    const order: number[] = []
    const replies = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const answer = await outputText(shell, `echo ${index}; echo ${index} >&2`)
        order.push(index)
        return answer
      }),
    )
    assert.deepEqual(
      replies,
      Array.from({ length: 60 }, (_, index) => `${index}\n`),
    )
    assert.deepEqual(
      order,
      Array.from({ length: 60 }, (_, index) => index),
    )
    await shell.close()
  })

  test('runs scripts and passes input of any bytes', async () => {
    const shell = await start()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        const reply = exited(await shell.run('cat; cat >&2', { ...usual, stdin: Buffer.from(bytes) }))
        assert.deepEqual(reply.stdout, Buffer.from(bytes))
      }),
      { numRuns: 25 },
    )
    const awkward = fc.constantFrom(
      "'",
      '"',
      '\\',
      '$x',
      '`',
      '\n',
      '%s',
      '-',
      '!',
      '\x01',
      '\x7f',
      '\x81',
      'é',
      '𝄞',
      '#',
      ' ',
    )
    const unit = fc.oneof(awkward, fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }))
    const word = fc.array(unit, { maxLength: 40 }).map((parts) => parts.join('').replaceAll('\0', ''))
    await fc.assert(
      fc.asyncProperty(word, async (content) => {
        const wanted = Buffer.from(content)
        const literal = content.replaceAll("'", `'\\''`)
        assert.deepEqual(
          Buffer.from(await outputText(shell, `printf %s '${literal}'`)),
          Buffer.from(wanted.toString()),
        )
      }),
      { numRuns: 30 },
    )
    await assert.rejects(shell.run('echo \0', usual), /NUL/)
    assert.equal(await outputText(shell, 'echo on'), 'on\n')
    await shell.close()
  })

  test('runs a script of a megabyte', async () => {
    const shell = await start()
    const long = 'x'.repeat(1_000_000)
    assert.equal(await outputText(shell, `x='${long}'; echo \${#x}`), '1000000\n')
    await shell.close()
  })

  test('limits the output that it keeps, and continues correctly', async () => {
    const shell = await start()
    const reply = exited(
      await shell.run('head -c 30000000 /dev/zero; head -c 3000 /dev/zero >&2', {
        ...usual,
        limit: 1000,
      }),
    )
    assert.deepEqual([reply.stdout.length, reply.stderr.length], [1000, 1000])
    assert.equal(await outputText(shell, 'echo next'), 'next\n')
    await shell.close()
  })

  test('does not wait for a child left running, and drops its late output', async () => {
    const shell = await start()
    const go = join(folder, 'go')
    // The child writes only after the script that started it was answered.
    const child = `while [ ! -e ${go} ]; do sleep 0.05; done; while echo late; echo late >&2; do sleep 0.1; done`
    const reply = exited(await shell.run(`(${child}) & echo now`, usual))
    assert.equal(reply.stdout.toString(), 'now\n')
    writeFileSync(go, '')
    const later = exited(await shell.run('sleep 0.5; echo next', usual))
    assert.deepEqual([later.stdout.toString(), later.stderr.toString()], ['next\n', ''])
    assert.equal(await outputText(shell, 'echo third'), 'third\n')
    await shell.close()
  })

  test('does not kill a child that uses only one of the streams', async () => {
    const shell = await start()
    const pid = await outputText(shell, 'sleep 300 >/dev/null & echo $!')
    assert.equal(await outputText(shell, 'echo next'), 'next\n')
    assert.equal(alive(pid), true)
    const second = await outputText(shell, 'nohup sleep 300 >/dev/null 2>&1 & echo $!')
    await shell.close()
    assert.equal(alive(pid) && alive(second), true)
    spawnSync('kill', [pid.trim(), second.trim()])
  })

  test('kills a script that times out, with its children, and continues', async () => {
    const shell = await start()
    const script = `echo $(exec sh -c 'echo $PPID'); trap '' TERM; (trap '' TERM; setsid sleep 300 & echo $!); (sh -c 'sleep 303 & echo $!'); (trap '' TERM; sleep 301; sleep 302)`
    const [reply, next] = await Promise.all([
      shell.run(script, { ...usual, timeout: 5000 }),
      shell.run('echo next', usual),
    ])
    assert.equal(reply.kind, 'timedOut', JSON.stringify(reply))
    assert.equal(exited(next).stdout.toString(), 'next\n')
    if (reply.kind === 'timedOut') {
      const pids = reply.stdout.toString().trim().split('\n')
      assert.equal(pids.length, 3)
      for (const pid of pids) assert.equal(alive(pid), false, `process ${pid} lives`)
    }
    await shell.close()
  })

  test('gives every script the same environment', async () => {
    const shell = await start()
    assert.equal(await outputText(shell, 'umask; echo "$LC_ALL"'), '0022\nC.UTF-8\n')
    assert.match(await outputText(shell, 'echo "$PATH"'), /\/usr\/sbin/)
    await shell.close()
  })
})

test('an echo of the input is not a mark, because the nonce is never sent in one piece', async () => {
  const connection = locally()
  // With -v a shell repeats its input on stderr, as a terminal would on stdout.
  const shell = await openShell(connection, { signal: calm, command: 'exec sh -v' })
  assert.equal(await outputText(shell, 'echo "$__gpuplay_a $__gpuplay_b" | wc -c'), '34\n')
  assert.match(await outputText(shell, 'set'), /__gpuplay_a=/)
  await connection.close()
})

test('a program that is not a shell is an error with its output', async () => {
  const connection = locally()
  const opening = openShell(connection, {
    signal: calm,
    command: 'exec sh -c "echo This account is disabled; exit 1"',
  })
  await assert.rejects(opening, /no shell answered on the host: .*status 1 \(This account is disabled\)/)
  const mute = openShell(connection, { signal: calm, command: 'exec sleep 30', timeout: 300 })
  await assert.rejects(mute, /did not answer in time/)
  await connection.close()
})

test('a host with BusyBox is refused at the greeting', { skip: withoutBusybox }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-busybox-'))
  try {
    symlinkSync('/bin/busybox', join(folder, 'stat'))
    const opening = openShell(locally(), { signal: calm, command: `PATH=${folder}:$PATH exec /bin/sh` })
    await assert.rejects(opening, /uses busybox, which lacks options that gpuplay needs$/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('cancelling ends the wait for a shell that does not answer', { timeout: 60_000 }, async () => {
  const connection = locally()
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-shell-'))
  const begun = join(folder, 'begun')
  const controller = new AbortController()
  const opening = openShell(connection, {
    signal: controller.signal,
    command: `exec sh -c 'echo $$ >${begun}.new; mv ${begun}.new ${begun}; exec sleep 600'`,
    timeout: 600_000,
  })
  while (!existsSync(begun)) await delay(20)
  controller.abort(new Error('enough'))
  await assert.rejects(opening, /^Error: enough$/)
  assert.equal(alive(readFileSync(begun, 'utf8')), false)
  await connection.close()
  rmSync(folder, { recursive: true, force: true })
})

test('random bytes arrive unchanged', async () => {
  const connection = locally()
  const shell = await openShell(connection, { signal: calm })
  const bytes = randomBytes(200_000)
  const reply = exited(await shell.run('cat', { ...usual, stdin: bytes }))
  assert.ok(reply.stdout.equals(bytes))
  await connection.close()
})
