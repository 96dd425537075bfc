/**
 * Reads and actions on the shell that runs use. Its descriptors, standard input and remaining processes
 * differ from those of a new `sh -c`.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { hostName } from '../base/brand.ts'
import type { Run } from './action.ts'
import { createBatcher } from './batch.ts'
import { ask } from './queries/ask.ts'
import * as files from './queries/file-queries.ts'
import * as system from './queries/system-queries.ts'
import { createReader } from './reader.ts'
import { takeLease } from './state.ts'
import { openFramed } from './testing/framed-machine.ts'
import { executeAction, testContext } from './testing/test-machine.ts'
import { scratch } from './testing/scratch.ts'

const { signal } = new AbortController()
const controller = { file: async () => undefined, text: async () => undefined }
const placement = { ctid: undefined, nodeName: undefined, cluster: undefined }

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(20)
}

for (const [name, command] of [
  ['dash', 'exec dash'],
  ['bash as sh', 'exec bash --posix'],
] as const) {
  const skip =
    spawnSync(name.split(' ')[0] ?? '', ['-c', ':']).error === undefined ? false : `no ${name} here`

  test(
    `${name}: reads are sent together, and one that hangs does not affect the others`,
    { skip },
    async () => {
      using dir = scratch()
      const opened = await openFramed(dir, command)
      try {
        writeFileSync(dir.path("it's"), 'a\0b\n')
        const host = createReader({
          name: hostName('here'),
          shell: async () => opened.shell(),
          signal,
          placement,
          controller,
        }).forTask().programHost
        const answers = await Promise.allSettled([
          host.text(dir.path("it's")),
          host.list(dir.directory),
          host.kernel(),
          host.command('sh'),
          host.kernelModule('no_such_module'),
          host.promised(['sleep', '60'], { timeout: 300 }),
          host.promised(['cat'], { stdin: 'fed' }),
          host.promised(['cat']),
        ])
        const values = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 'failed'))
        assert.equal(values[0], 'a\0b\n')
        assert.deepEqual(values[1], ["it's"])
        assert.deepEqual(values.slice(4), [
          { loaded: false, version: undefined, users: 0 },
          'failed',
          { code: 0, stdout: 'fed', stderr: '' },
          { code: 0, stdout: '', stderr: '' },
        ])
      } finally {
        await opened.close()
      }
    },
  )

  test(`${name}: reads with and without relays have the same results, repeatedly`, { skip }, async () => {
    using dir = scratch()
    const opened = await openFramed(dir, command)
    try {
      for (const file of ["it's", 'second', 'empty'])
        writeFileSync(dir.path(file), file === 'empty' ? '' : `${file}\0\n`)
      let light = 0
      const batcher = createBatcher({
        hostName: 'here',
        shell: async () => {
          const shell = opened.shell()
          return {
            greeting: shell.greeting,
            gone: shell.gone,
            close: () => shell.close(),
            run: (script, options) => {
              if (options.light === true) light += 1
              return shell.run(script, options)
            },
          }
        },
        signal,
        nonce: () => '0123456789abcdef0123456789abcdef',
      })
      const read = (): readonly Promise<unknown>[] => [
        ...["it's", 'second', 'empty', 'absent'].map((file) => batcher.query(files.text, dir.path(file))),
        ...["it's", 'absent', '..'].map((file) => batcher.query(files.stat, dir.path(file))),
        ...["it's", 'absent'].map((file) => batcher.query(files.hash, dir.path(file))),
        batcher.query(files.list, dir.directory),
        batcher.query(files.list, '/no/such/place'),
        ...['sh', 'no-such-program'].map((program) => batcher.query(system.command, program)),
        batcher.query(system.kernel, null),
        batcher.query(system.kernelModule, 'no_such_module'),
        batcher.query(system.dpkg, 'no-such-package'),
      ]
      const first = await Promise.all(read())
      assert.match(JSON.stringify(first.slice(0, 4)), /it's.*second.*"text":"".*null/)
      assert.deepEqual(first[9], ['empty', "it's", 'second'])
      assert.equal(light, 1)
      const relayed = await Promise.all([...read(), batcher.query(ask, { argv: ['true'], timeout: 10_000 })])
      assert.deepEqual(relayed.slice(0, -1), first)
      assert.equal(light, 1)
      assert.deepEqual(await Promise.all(read()), first)
      assert.equal(light, 2)
    } finally {
      await opened.close()
    }
  })

  test(`${name}: files are written, locks are taken, and a lease is kept`, { skip }, async () => {
    using dir = scratch()
    const opened = await openFramed(dir, command)
    try {
      const { machine } = opened
      const taken = await takeLease(machine, { run: 'r', controller: 'c', pid: 1, user: 'u' })
      assert.ok(taken.kind === 'taken')
      const context = testContext({ lease: () => taken.lease.token })
      const lock = { kind: 'flock', path: dir.path('lock'), timeout: 1 } as const
      for (const text of ['one', 'x'.repeat(300_000)]) {
        const content = { kind: 'text', text } as const
        const result = await executeAction(
          { kind: 'writeFile', path: dir.path('a'), content, lock },
          machine,
          context,
        )
        assert.deepEqual(result, { kind: 'done' })
        assert.equal(readFileSync(dir.path('a'), 'utf8'), text)
      }
      const left = await executeAction(
        { kind: 'run', argv: ['sh', '-c', 'sleep 30 & echo started'], lock },
        machine,
        context,
      )
      assert.ok(left.kind === 'done' && left.reply?.stdout === 'started\n')
      // A program that is left running does not keep the lock.
      const after = await executeAction({ kind: 'remove', path: dir.path('a'), lock }, machine, context)
      assert.deepEqual(after, { kind: 'done' })
      await taken.lease.release()
    } finally {
      await opened.close()
    }
  })

  test(`${name}: a detached program survives the shell that started it`, { skip }, async () => {
    using dir = scratch()
    const opened = await openFramed(dir, command)
    try {
      const { machine } = opened
      const script = `echo once >> ${dir.path('starts')}; while [ ! -e ${dir.path('go')} ]; do sleep 0.05; done; echo ended`
      const action: Run = {
        kind: 'run',
        argv: ['sh', '-c', script],
        detached: { name: 'job', fingerprint: 'x' },
      }
      const following = new AbortController()
      const first = executeAction(action, machine, testContext({ signal: following.signal }))
      await until(() => existsSync(dir.path('starts')))
      following.abort(new Error('interrupted'))
      await assert.rejects(first)
      await machine.reopen()
      writeFileSync(dir.path('go'), '')
      const second = await executeAction(action, machine, testContext())
      assert.ok(second.kind === 'done' && second.reply?.stdout === 'ended\n')
      assert.equal(readFileSync(dir.path('starts'), 'utf8'), 'once\n')
    } finally {
      await opened.close()
    }
  })
}
