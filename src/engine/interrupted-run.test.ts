/** Interruptions: nothing new starts, and running work finishes. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { whenAborted } from '../connection/channel.ts'
import type { Event } from '../events/events.ts'
import type { Reach } from '../fleet/machine.ts'
import { localFolder, localReach, testWorld } from './testing/local-run.ts'
import { playOf } from './testing/play-text.ts'

test('a waiting host does not cut off a running action of another host', async () => {
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
    assert.ok(existsSync(at('ended')), 'the action was not cut off')
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

test(
  'an interrupted run does not wait for a host that accepts the connection and then stays silent',
  { timeout: 60_000 },
  async () => {
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
      assert.ok(performance.now() - since < 5000, 'the second interruption ends the run')
    } finally {
      interruption.abort()
      folder.remove()
    }
  },
)

/** A reach whose host falls silent with the first script for which `silent` holds: nothing answers or closes. */
function fallingSilent(
  reach: Reach,
  silent: (script: string) => boolean,
): { readonly reach: Reach; readonly fell: Promise<void> } {
  let tell = (): void => undefined
  const fell = new Promise<void>((resolve) => {
    tell = resolve
  })
  const never = new Promise<never>(() => undefined)
  let gone = false
  return {
    fell,
    reach: {
      ...reach,
      openShell: async (connection, signal) => {
        if (gone) return never
        const shell = await reach.openShell(connection, signal)
        return {
          greeting: shell.greeting,
          gone: shell.gone,
          run(script, options) {
            gone ||= silent(script)
            if (!gone) return shell.run(script, options)
            tell()
            return never
          },
          close: () => (gone ? never : shell.close()),
        }
      },
    },
  }
}

test(
  'an interrupted run gives up a host that falls silent in the middle of a read',
  { timeout: 30_000 },
  async () => {
    const folder = localFolder()
    const interruption = new AbortController()
    const base = localReach(testWorld(folder.path))
    const { reach, fell } = fallingSilent(base, (script) => script.includes('/no/such/file'))
    try {
      const running = folder.run(
        playOf(
          `
- name: works
  copy: { content: text, dest: "{{ out }}/file" }
- name: reads
  stat: { path: /no/such/file }
- name: never
  copy: { content: text, dest: "{{ out }}/other" }
`,
          { out: folder.path },
        ),
        {},
        { signal: interruption.signal, reach },
      )
      await Promise.race([fell, running])
      interruption.abort(new Error('interrupted'))
      const { exitCode, events, outcomes } = await running
      assert.equal(exitCode, 130)
      assert.deepEqual(outcomes, {})
      assert.deepEqual(
        events.flatMap((event) => (event.type === 'host.interrupted' ? [event.host] : [])),
        ['localhost'],
      )
      const stopping = events.find(({ type }) => type === 'run.stopping')
      assert.deepEqual(stopping?.type === 'run.stopping' && stopping.awaited, [])
    } finally {
      await base.close()
      folder.remove()
    }
  },
)

test('an interrupted run still waits for the reads that decide how a change ended', async () => {
  const folder = localFolder()
  const interruption = new AbortController()
  const base = localReach(testWorld(folder.path))
  const reach: Reach = {
    ...base,
    openShell: async (connection, signal) => {
      const shell = await base.openShell(connection, signal)
      return {
        greeting: shell.greeting,
        gone: shell.gone,
        async run(script, options) {
          const reply = await shell.run(script, options)
          if (existsSync(join(folder.path, 'file'))) interruption.abort(new Error('interrupted'))
          return reply
        },
        close: () => shell.close(),
      }
    },
  }
  try {
    const { exitCode, outcomes } = await folder.run(
      playOf(
        `
- name: works
  copy: { content: text, dest: "{{ out }}/file" }
- name: never
  copy: { content: text, dest: "{{ out }}/other" }
`,
        { out: folder.path },
      ),
      { stepByStep: true },
      { signal: interruption.signal, reach },
    )
    assert.equal(exitCode, 130)
    assert.deepEqual(outcomes, { works: 'changed' })
  } finally {
    await base.close()
    folder.remove()
  }
})

const sleeps = `
- hosts: localhost
  tasks:
    - name: long work
      shell: { cmd: "echo begun >> {{ out }}/begun; sleep 3; echo ended >> {{ out }}/ended" }
`

/** Waits until a file has this many lines. */
async function lines(file: string, count: number): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (existsSync(file) && readFileSync(file, 'utf8').trim().split('\n').length >= count) return
    await pause(20)
  }
  throw new Error(`${file} has not ${count} lines`)
}

test('an interruption lists the awaited tasks at once; a second one ends the run, and the next run waits for programs that were left running', async () => {
  const folder = localFolder()
  const [stop, quit] = [new AbortController(), new AbortController()]
  const extraVars = [`out=${folder.path}`]
  const reach = localReach(testWorld(folder.path))
  const told: Event[] = []
  try {
    const running = folder.run(
      sleeps,
      { extraVars },
      { reach, signal: stop.signal, quit: quit.signal, sinks: [(event) => told.push(event)] },
    )
    await lines(join(folder.path, 'begun'), 1)
    stop.abort(new Error('interrupted'))
    const stopping = told.at(-1)
    assert.ok(stopping?.type === 'run.stopping')
    assert.deepEqual(
      stopping.awaited.map(({ host, task }) => [host, task.name]),
      [['localhost', 'long work']],
    )
    quit.abort(new Error('interrupted again'))
    const { exitCode, events } = await running
    assert.equal(exitCode, 130)
    assert.equal(existsSync(join(folder.path, 'ended')), false)
    const left = events.find(({ type }) => type === 'run.quit')
    assert.deepEqual(left?.type === 'run.quit' && left.running, stopping.awaited)
    assert.equal(events.at(-1)?.type, 'run.finished')
    // In reality the process of the first run would have exited, and its lease with it.
    rmSync(join(folder.path, 'state/v1/lease.lock'))
    const next = await folder.run(sleeps, { extraVars })
    assert.equal(next.exitCode, 0)
    const [warning] = next.events.flatMap((event) => (event.type === 'warning' ? [event] : []))
    assert.match(
      warning?.message ?? '',
      /^waiting for a program that an interrupted run left running here: \/bin\/sh -c .*sleep 3.* \(process \d+, running for \d s\)\. To stop it now: kill \d+$/,
    )
    assert.equal(readFileSync(join(folder.path, 'ended'), 'utf8'), 'ended\nended\n')
    assert.equal(events.at(-1)?.type, 'run.finished', 'no event follows the end of a run')
  } finally {
    await reach.close()
    folder.remove()
  }
})
