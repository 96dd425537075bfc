/** Queries in one frame: how they are combined, and that an invalid answer affects only its own query. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { sh } from '../base/shell.ts'
import { ask } from './queries/ask.ts'
import * as files from './queries/file-queries.ts'
import { found, type QueryKind, type Settled } from './queries/query.ts'
import * as system from './queries/system-queries.ts'
import { scratch } from './testing/scratch.ts'
import { asking, outcomeOf, programs, textOf } from './testing/asking.ts'

test('an invalid answer of stat fails only that file', async () => {
  using dir = scratch()
  const { batcher } = asking(programs(dir, { stat: String.raw`printf '/x\0zzzz\0/x\0'` }))
  const answers = await Promise.all([
    outcomeOf(batcher.query(files.stat, '/x')),
    outcomeOf(batcher.query(system.command, 'no-such-program')),
  ])
  assert.deepEqual(answers, [['read-failed', 'cannot read /x: invalid answer from stat: "zzzz"'], undefined])
})

const broken = (change: Partial<QueryKind<string, string>>): QueryKind<string, string> => ({
  kind: 'broken',
  mergeLimit: 10,
  answerBytes: 100,
  timeout: () => 1000,
  script: () => sh`echo hello`,
  parse: (_, items) => items.map((item) => found(item)),
  ...change,
})

for (const [what, parse, why] of [
  [
    'an exception of a parser',
    () => {
      throw new TypeError('surprise')
    },
    'surprise',
  ],
  ['an answer that is missing', () => [], 'it is incomplete'],
  ['an answer that is to be asked for alone again and again', () => ['alone'], 'it is incomplete'],
] as const satisfies readonly (readonly [string, () => readonly (Settled<string> | 'alone')[], string])[]) {
  test(`${what} fails only that question, and the others are answered`, async () => {
    const { batcher } = asking()
    const [wrong, right] = await Promise.all([
      outcomeOf(batcher.query(broken({ parse }), 'item')),
      outcomeOf(batcher.query(system.command, 'no-such-program')),
    ])
    assert.deepEqual(wrong, [
      'senseless-answer',
      `invalid answer from pve1 (broken): ${why}`,
      'another program may have replaced it on the host: check the PATH of root',
    ])
    assert.equal(right, undefined)
  })
}

test('queries issued while the shell opens travel in one frame', async () => {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const { batcher, sent } = asking({}, opened)
  const first = batcher.query(system.command, 'sh')
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  const second = batcher.query(system.command, 'cat')
  open()
  await Promise.all([first, second])
  assert.equal(sent.length, 1)
})

test('a query that cannot become a script fails alone', async () => {
  const { batcher, sent } = asking()
  const answers = await Promise.all([
    outcomeOf(batcher.query(files.stat, '/a\0b')),
    outcomeOf(batcher.query(files.stat, '/no-such-file')),
    outcomeOf(batcher.query(ask, { argv: ['echo', 'a\0b'], timeout: 1000 })),
    outcomeOf(batcher.query(ask, { argv: ['env'], environment: { 'a-b': '' }, timeout: 1000 })),
    outcomeOf(batcher.query(ask, { argv: ['echo', 'fine'], timeout: 1000 })),
  ])
  const hint = 'check where the value comes from, such as the output of an earlier task'
  const nul = 'a value contains a NUL character, which cannot be passed to a program'
  assert.deepEqual(answers, [
    ['invalid-value', nul, hint],
    undefined,
    ['invalid-value', nul, hint],
    ['invalid-value', '"a-b" is not a valid name for an environment variable', hint],
    { code: 0, stdout: 'fine\n', stderr: '' },
  ])
  assert.equal(sent.length, 1)
})

test("reads use a light frame; a program that reads only by its author's promise gets relays", async () => {
  const { batcher, sent } = asking()
  const request = { argv: ['uname'], timeout: 1000 }
  await Promise.all([batcher.query(files.stat, '/'), batcher.query(ask, { ...request, promised: false })])
  await Promise.all([batcher.query(files.stat, '/'), batcher.query(ask, { ...request, promised: true })])
  await Promise.all([batcher.query(files.stat, '/'), batcher.query(ask, request)])
  assert.deepEqual(
    sent.map(({ options }) => options.light),
    [true, false, false],
  )
  assert.deepEqual(
    sent.map(({ script }) => /LC_ALL|\(\)/.test(script)),
    [false, false, false],
  )
})

test('queries that exceed one frame are sent in several frames at once', async () => {
  const { batcher, sent } = asking()
  const kind = broken({ mergeLimit: 1, answerBytes: 10 * 1024 * 1024 })
  const answers = Promise.all(['a', 'b', 'c'].map((item) => batcher.query(kind, item)))
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  assert.equal(sent.length, 3)
  assert.deepEqual(await answers, ['a', 'b', 'c'])
})

const busybox = spawnSync('busybox', ['true']).status === 0 ? false : 'busybox is not installed'

test(
  'on a host with only BusyBox, texts are read; for other queries the hint names a package',
  { skip: busybox },
  async () => {
    using dir = scratch()
    mkdirSync(dir.path('bin'))
    const program = spawnSync('sh', ['-c', 'command -v busybox']).stdout.toString().trim()
    for (const name of ['stat', 'head', 'cat', 'sha256sum', 'df'])
      symlinkSync(program, dir.path(`bin/${name}`))
    for (const name of ['a', 'b']) writeFileSync(dir.path(name), name)
    const { batcher } = asking({ PATH: dir.path('bin') })
    const [a, b, absent, stat, hash, space] = await Promise.all([
      outcomeOf(batcher.query(files.text, dir.path('a')).then(textOf)),
      outcomeOf(batcher.query(files.text, dir.path('b')).then(textOf)),
      outcomeOf(batcher.query(files.text, dir.path('absent'))),
      outcomeOf(batcher.query(files.stat, dir.path('a'))),
      outcomeOf(batcher.query(files.hash, dir.path('a'))),
      outcomeOf(batcher.query(files.space, dir.path('a'))),
    ])
    assert.deepEqual([a, b, absent], ['a', 'b', undefined])
    const hint = 'install GNU coreutils on the host: busybox lacks options that gpuplay uses'
    for (const answer of [stat, hash, space]) assert.equal(Array.isArray(answer) && answer[2], hint)
    const none = asking({ PATH: dir.path('nowhere') })
    const nothing = await outcomeOf(none.batcher.query(files.stat, '/'))
    assert.equal(Array.isArray(nothing) && nothing[2], hint)
  },
)
