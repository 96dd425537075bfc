/** The requirements of every script, with and without relays. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { exited, locally, onEveryShell, outputText, usual } from './testing/shells.ts'

const deeds = [
  'cd /',
  'exit 3',
  'set -e; false',
  'set -u; echo "$nope"',
  'trap "echo trapped" EXIT TERM',
  'umask 077',
  'exec 1>&-',
  'exec 2>&- 0<&-',
  'return 4',
  'if then',
  "echo 'unfinished",
  '. /does/not/exist',
  'readonly X=1; X=2',
  'exec true',
  "kill -9 $(exec sh -c 'echo $PPID')",
  'unset -f __gpuplay_frame __gpuplay_light __gpuplay_both; __gpuplay_a=x',
  'break; continue',
  'exec sleep 0',
]

onEveryShell('a script', locally, ({ folder, start }) => {
  for (const [frame, light] of [
    ['with relays', false],
    ['that is light', true],
  ] as const) {
    const options = { ...usual, light }

    test(`${frame} changes nothing in its shell`, async () => {
      const shell = await start()
      const state = 'pwd; umask; set -- $-; echo "$1"; trap; echo "$X"'
      const before = await outputText(shell, state, options)
      for (const deed of deeds) {
        assert.equal((await shell.run(deed, options)).kind, 'exited', deed)
        assert.equal(await outputText(shell, state, options), before, deed)
      }
      await shell.close()
    })

    test(`${frame} is killed when its caller cancels it, and the next script runs`, async () => {
      const shell = await start()
      const controller = new AbortController()
      const begun = join(folder, `begun-${light}`)
      const run = shell.run(`: >${begun}; sleep 300`, { ...options, signal: controller.signal })
      const next = shell.run('echo next', options)
      while (!existsSync(begun)) await delay(20)
      controller.abort(new Error('enough'))
      await assert.rejects(run, /enough/)
      assert.equal(exited(await next).stdout.toString(), 'next\n')
      await shell.close()
    })

    test(`${frame} is lost, and never succeeds, if the shell dies`, async () => {
      const shell = await start()
      const replies = await Promise.all([
        shell.run('kill -9 $$; sleep 1; sleep 300', options),
        shell.run('echo x', options),
      ])
      assert.deepEqual(
        replies.map((reply) => reply.kind),
        ['lost', 'lost'],
      )
      assert.equal(shell.gone.aborted, true)
    })
  }
})
