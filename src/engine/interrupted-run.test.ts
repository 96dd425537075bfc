/** An interruption: nothing new begins, and what has begun ends. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { whenAborted } from '../connection/channel.ts'
import { localFolder, localReach, testWorld } from './testing/local-run.ts'
import { playOf } from './testing/play-text.ts'

test('an action that runs on one host is not cut because another host waits', async () => {
  const folder = localFolder()
  const at = (name: string): string => join(folder.path, name)
  const interruption = new AbortController()
  const begun = async (): Promise<void> => {
    while (!existsSync(at('begun'))) await pause(20, undefined, { signal: interruption.signal })
  }
  try {
    const running = folder.run(
      playOf(
        `
- name: waits
  command: { cmd: "true" }
  when: inventory_hostname == "a"
  register: it
  until: it.rc == 1
  retries: 3
  delay: 600
- name: works
  shell: { cmd: "echo > {{ out }}/begun; sleep 1; echo > {{ out }}/ended" }
  when: inventory_hostname == "b"
`,
        { out: folder.path },
      ).replace('localhost', 'all'),
      { inventories: ['a,b'], extraVars: ['connection=local'] },
      { signal: interruption.signal },
    )
    await Promise.race([begun(), running])
    interruption.abort(new Error('interrupted'))
    const { exitCode, events } = await running
    assert.equal(exitCode, 130)
    assert.ok(existsSync(at('ended')), 'it has run to its end')
    const told = events.flatMap((event) => (event.type === 'task.finished' ? [event] : []))
    assert.deepEqual(
      told.filter(({ host }) => host === 'b').map(({ task, outcome }) => [task.name, outcome]),
      [
        ['waits', 'skipped'],
        ['works', 'changed'],
      ],
    )
  } finally {
    interruption.abort()
    folder.remove()
  }
})

test('a host that lets us in and then says nothing is not waited for', { timeout: 60_000 }, async () => {
  const folder = localFolder()
  const interruption = new AbortController()
  const reach = localReach(testWorld(folder.path))
  let asked = (): void => undefined
  const silent = new Promise<void>((resolve) => {
    asked = resolve
  })
  try {
    const running = folder.run(
      playOf('- name: never\n  debug: { msg: "{{ facts.kernel }}" }', { out: folder.path }),
      {},
      {
        signal: interruption.signal,
        reach: {
          ...reach,
          openShell: (_, signal) => {
            asked()
            return new Promise((_resolve, reject) => whenAborted(signal, () => reject(signal.reason)))
          },
        },
      },
    )
    await Promise.race([silent, running])
    const since = performance.now()
    interruption.abort(new Error('interrupted'))
    const { exitCode } = await running
    assert.equal(exitCode, 130)
    assert.ok(performance.now() - since < 5000, 'it ends at once')
  } finally {
    interruption.abort()
    folder.remove()
  }
})
