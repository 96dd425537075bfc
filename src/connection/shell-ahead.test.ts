/** Scripts that are sent before earlier ones are answered. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from './connection.ts'
import { localConnection } from './local.ts'
import { testEffects } from './testing/test-effects.ts'
import { exited, onEveryShell, outputText, usual } from './testing/shells.ts'

interface Gate extends Connection {
  /** Stops the delivery of answers. */
  hold(): void
  /** Delivers all delayed answers, and later ones at once. */
  release(): void
}

/** A connection to this machine whose answers can be delayed, to simulate a long round trip. */
function gated(): Gate {
  const local = localConnection(testEffects())
  let held: (() => void)[] | undefined
  const delayed = (source: Readable): Readable => {
    const target = new PassThrough()
    source.on('data', (chunk: Buffer) => {
      if (held === undefined) target.write(chunk)
      else held.push(() => target.write(chunk))
    })
    return target
  }
  return {
    hold: () => (held ??= []),
    release: () => {
      const arriving = held ?? []
      held = undefined
      for (const arrive of arriving) arrive()
    },
    ...local,
    async open(command, signal) {
      const channel = await local.open(command, signal)
      return { ...channel, stdout: delayed(channel.stdout), stderr: delayed(channel.stderr) }
    },
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10)
}

const light = { ...usual, light: true }

onEveryShell('scripts that are sent ahead', gated, ({ connection: gate, folder, start }) => {
  test('two scripts and their helpers take one round trip', async () => {
    const shell = await start()
    const path = (word: string): string => join(folder, `trip-${word}`)
    gate.hold()
    const said: string[] = []
    const replies = Promise.all([
      shell.run(`gp_say acted; : >${path('a')}; exit 3`, {
        ...usual,
        onSay: (words) => said.push(words),
      }),
      shell.run(`: >${path('b')}; echo asked`, light),
      shell.run(`: >${path('c')}; echo asked again`, light),
    ])
    // All scripts have run, but none of the answers has arrived.
    await until(() => existsSync(path('a')) && existsSync(path('b')) && existsSync(path('c')))
    assert.deepEqual(said, [])
    gate.release()
    const answers = (await replies).map(exited).map(({ code, stdout }) => [code, stdout.toString()])
    assert.deepEqual(answers, [
      [3, ''],
      [0, 'asked\n'],
      [0, 'asked again\n'],
    ])
    assert.deepEqual(said, ['acted'])
    await shell.close()
  })

  for (const [first, options] of [
    ['with relays', usual],
    ['light', light],
  ] as const) {
    test(`if a script (${first}) times out, the script after it is not lost`, async () => {
      const shell = await start()
      const begun = join(folder, `begun-${first}`)
      const controller = new AbortController()
      const given = shell.run(`: >'${begun}'; sleep 300`, { ...options, signal: controller.signal })
      const second = shell.run('echo second', light)
      const third = shell.run('echo third', usual)
      await until(() => existsSync(begun))
      controller.abort(new Error('enough'))
      await assert.rejects(given, /enough/)
      assert.equal(exited(await second).stdout.toString(), 'second\n')
      assert.equal(exited(await third).stdout.toString(), 'third\n')
      await shell.close()
    })

    test(`if a script (${first}) fails, the script after it is not lost`, async () => {
      const shell = await start()
      for (const broken of ['if then', 'exit 9', 'kill -9 $(exec sh -c "echo \\$PPID")', '. /nowhere']) {
        const [failed, second] = await Promise.all([
          shell.run(broken, options),
          outputText(shell, 'echo second', light),
        ])
        assert.notEqual(exited(failed).code, 0)
        assert.equal(second, 'second\n')
      }
      await shell.close()
    })

    test(`a script (${first}) that is cancelled before it begins no longer waits`, async () => {
      const shell = await start()
      const begun = join(folder, `head-${first}`)
      const go = join(folder, `go-${first}`)
      const controller = new AbortController()
      const head = shell.run(`: >'${begun}'; while [ ! -e '${go}' ]; do sleep 0.05; done; echo head`, usual)
      const given = shell.run('sleep 300', { ...options, signal: controller.signal })
      const last = shell.run('echo last', light)
      await until(() => existsSync(begun))
      controller.abort(new Error('enough'))
      writeFileSync(go, '')
      assert.equal(exited(await head).stdout.toString(), 'head\n')
      await assert.rejects(given, /enough/)
      assert.equal(exited(await last).stdout.toString(), 'last\n')
      await shell.close()
    })
  }
})
