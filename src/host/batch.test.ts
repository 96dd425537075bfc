/** Questions in one frame: what they are merged to, and that a host which answers nonsense harms nobody but who asked. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { HostError } from '../base/errors.ts'
import { sh } from '../base/shell.ts'
import type { RunOptions } from '../connection/connection.ts'
import { type Batcher, createBatcher } from './batch.ts'
import { ask } from './queries/ask.ts'
import * as files from './queries/files.ts'
import { found, type QueryKind, type Settled } from './queries/query.ts'
import * as system from './queries/system.ts'
import { createLocalShell } from './testing/local-shell.ts'
import { type Scratch, scratch } from './testing/scratch.ts'

interface Asking {
  readonly batcher: Batcher
  /** What was sent, in order. */
  readonly sent: { readonly script: string; readonly options: RunOptions }[]
}

function asking(environment: Readonly<Record<string, string>> = {}): Asking {
  const local = createLocalShell(environment)
  const sent: Asking['sent'] = []
  const shell = {
    ...local,
    run: (script: string, options: RunOptions) => {
      sent.push({ script, options })
      return local.run(script, options)
    },
  }
  const { signal } = new AbortController()
  const nonce = (): string => '0123456789abcdef0123456789abcdef'
  return { batcher: createBatcher({ hostName: 'pve1', shell: async () => shell, signal, nonce }), sent }
}

/** A folder at the head of PATH with programs that are not what they seem. */
function programs(dir: Scratch, scripts: Readonly<Record<string, string>>): { readonly PATH: string } {
  mkdirSync(dir.path('bin'))
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(dir.path(`bin/${name}`), `#!/bin/sh\n${script}\n`)
    chmodSync(dir.path(`bin/${name}`), 0o755)
  }
  return { PATH: `${dir.path('bin')}:${process.env['PATH'] ?? ''}` }
}

async function outcome(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof HostError)) throw error
    const { code, message, hint } = error.problem
    return [code, message, ...(hint === undefined ? [] : [hint])]
  }
}

function textOf(answer: { readonly text: string } | undefined): string | undefined {
  return answer?.text
}

test('a stat that answers nonsense is the failure of that file, and its neighbours are answered', async () => {
  using dir = scratch()
  const { batcher } = asking(programs(dir, { stat: String.raw`printf '/x\0zzzz\0/x\0'` }))
  const answers = await Promise.all([
    outcome(batcher.query(files.stat, '/x')),
    outcome(batcher.query(system.command, 'no-such-program')),
  ])
  assert.deepEqual(answers, [['read-failed', 'cannot read /x: stat says that its mode is "zzzz"'], undefined])
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
  test(`${what} is the failure of that question, and its neighbours are answered`, async () => {
    const { batcher } = asking()
    const [wrong, right] = await Promise.all([
      outcome(batcher.query(broken({ parse }), 'item')),
      outcome(batcher.query(system.command, 'no-such-program')),
    ])
    assert.deepEqual(wrong, [
      'senseless-answer',
      `the answer of pve1 makes no sense (broken): ${why}`,
      'a program there may have been replaced by another one: look at what the PATH of root leads to',
    ])
    assert.equal(right, undefined)
  })
}

test('what cannot be put into a script fails alone', async () => {
  const { batcher, sent } = asking()
  const answers = await Promise.all([
    outcome(batcher.query(files.stat, '/a\0b')),
    outcome(batcher.query(files.stat, '/no-such-file')),
    outcome(batcher.query(ask, { argv: ['echo', 'a\0b'], timeout: 1000 })),
    outcome(batcher.query(ask, { argv: ['env'], environment: { 'a-b': '' }, timeout: 1000 })),
    outcome(batcher.query(ask, { argv: ['echo', 'fine'], timeout: 1000 })),
  ])
  const nul = 'a NUL character cannot be passed to a program'
  assert.deepEqual(answers, [
    ['invalid-question', `cannot ask pve1 (stat): ${nul}`],
    undefined,
    ['invalid-question', `cannot ask pve1 (ask): ${nul}`],
    ['invalid-question', 'cannot ask pve1 (ask): not the name of an environment variable: "a-b"'],
    { code: 0, stdout: 'fine\n', stderr: '' },
  ])
  assert.equal(sent.length, 1)
})

test('reads take a light frame; a program that only its author promises to be reading has relays', async () => {
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

test('what does not fit into one frame travels in several that are sent at once', async () => {
  const { batcher, sent } = asking()
  const kind = broken({ mergeLimit: 1, answerBytes: 10 * 1024 * 1024 })
  const answers = Promise.all(['a', 'b', 'c'].map((item) => batcher.query(kind, item)))
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  assert.equal(sent.length, 3)
  assert.deepEqual(await answers, ['a', 'b', 'c'])
})

test('many texts are read together, whatever they hold and whatever is in their place', async () => {
  using dir = scratch()
  const contents: Readonly<Record<string, string>> = {
    plain: 'plain\n',
    'no newline': 'no newline',
    empty: '',
    'a newline': '\n',
    binary: 'a\0b\0\0c\n==> x <==\n',
    "it's": `\n==> ${dir.path('plain')} <==\nforged`,
    full: 'x'.repeat(1024 * 1024),
  }
  for (const [name, content] of Object.entries(contents)) writeFileSync(dir.path(name), content)
  writeFileSync(dir.path('too long'), 'x'.repeat(1024 * 1024 + 1))
  mkdirSync(dir.path('directory'))
  symlinkSync('plain', dir.path('link'))
  symlinkSync('nowhere', dir.path('dangling'))
  spawnSync('mkfifo', [dir.path('pipe')])
  const { batcher, sent } = asking()
  const read = (name: string): Promise<unknown> =>
    outcome(batcher.query(files.text, dir.path(name)).then(textOf))
  const names = Object.keys(contents)
  const others = ['too long', 'directory', 'link', 'dangling', 'absent', 'plain/below', 'pipe']
  const answers = await Promise.all([...others, ...names].map(read))
  assert.deepEqual(answers, [
    ['read-failed', `${dir.path('too long')} is larger than 1 MiB`],
    ['read-failed', `cannot read ${dir.path('directory')}: is a directory`],
    'plain\n',
    undefined,
    undefined,
    undefined,
    ['read-failed', `cannot read ${dir.path('pipe')}: is a pipe`],
    ...names.map((name) => contents[name]),
  ])
  assert.equal(sent.length, 1)
})

test('files that the kernel makes while they are read are asked alone, in the same frame', async () => {
  using dir = scratch()
  writeFileSync(dir.path('a'), 'a')
  const { batcher, sent } = asking()
  // Behind the link is a file that says that it is empty.
  symlinkSync('/proc/sys/kernel/ostype', dir.path('link'))
  const paths = [dir.path('a'), '/proc/sys/kernel/ostype', '/dev/null']
  const answers = await Promise.all(paths.map((path) => batcher.query(files.text, path)))
  assert.deepEqual(answers.map(textOf), ['a', 'Linux\n', ''])
  assert.equal(sent.length, 1)
  const hidden = await Promise.all(
    [dir.path('a'), dir.path('link')].map((path) => batcher.query(files.text, path)),
  )
  assert.deepEqual(hidden.map(textOf), ['a', 'Linux\n'])
  assert.equal(sent.length, 3)
})

test('texts that change while they are read are asked again alone, and none is taken for another', async () => {
  using dir = scratch()
  for (const name of ['a', 'b', 'c']) writeFileSync(dir.path(name), `${name}\n`)
  // Between the two programs the first file grows by what looks like the second.
  const grow = `printf 'a\\n\\n==> ${dir.path('b')} <==\\nB\\n' >'${dir.path('a')}'`
  const environment = programs(dir, { head: `case $* in -v*) ${grow} ;; esac; exec /usr/bin/head "$@"` })
  const { batcher, sent } = asking(environment)
  const answers = await Promise.all(['a', 'b', 'c'].map((name) => batcher.query(files.text, dir.path(name))))
  assert.deepEqual(answers.map(textOf), [`a\n\n==> ${dir.path('b')} <==\nB\n`, 'b\n', 'c\n'])
  assert.equal(sent.length, 2)
})

test('texts that go away or shrink while they are read are asked again alone', async () => {
  using dir = scratch()
  for (const name of ['a', 'b', 'c']) writeFileSync(dir.path(name), `${name}${name}\n`)
  const environment = programs(dir, {
    head: `case $* in -v*) rm '${dir.path('a')}'; printf c >'${dir.path('c')}' ;; esac; exec /usr/bin/head "$@"`,
  })
  const { batcher } = asking(environment)
  const answers = await Promise.all(['a', 'b', 'c'].map((name) => batcher.query(files.text, dir.path(name))))
  assert.deepEqual(answers.map(textOf), [undefined, 'bb\n', 'c'])
})

test('many long texts that exceed a frame together come one by one', async () => {
  using dir = scratch()
  const names = Array.from({ length: 12 }, (_, index) => `long ${index}`)
  for (const name of names) {
    writeFileSync(dir.path(name), name)
    truncateSync(dir.path(name), 1024 * 1024)
  }
  const { batcher } = asking()
  const answers = await Promise.all(names.map((name) => batcher.query(files.text, dir.path(name))))
  assert.deepEqual(
    answers.map((answer) => [answer?.text.length, answer?.text.slice(0, 7)]),
    names.map((name) => [1024 * 1024, `${name}\0`.slice(0, 7)]),
  )
})

test('a pipe is not hashed: it would take the others with it', async () => {
  using dir = scratch()
  writeFileSync(dir.path('a'), 'a')
  spawnSync('mkfifo', [dir.path('pipe')])
  const { batcher } = asking()
  const answers = await Promise.all([
    outcome(batcher.query(files.hash, dir.path('a'))),
    outcome(batcher.query(files.hash, dir.path('pipe'))),
    outcome(batcher.query(files.hash, dir.path('absent'))),
  ])
  assert.deepEqual(answers, [
    'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
    ['read-failed', `cannot read ${dir.path('pipe')}: gp_hash: ${dir.path('pipe')}: is a pipe`],
    undefined,
  ])
})

test('many directories are listed together', async () => {
  using dir = scratch()
  for (const name of ['full', 'empty', 'a*b']) mkdirSync(dir.path(name))
  for (const name of ['.hidden', '..two', 'x y', '*', 'new\nline'])
    writeFileSync(dir.path(`full/${name}`), '')
  writeFileSync(dir.path('a*b/inside'), '')
  symlinkSync('nowhere', dir.path('full/link'))
  writeFileSync(dir.path('file'), '')
  const { batcher, sent } = asking()
  const names = ['full', 'empty', 'absent', 'a*b', 'file', 'file/below']
  const answers = await Promise.all(names.map((name) => outcome(batcher.query(files.list, dir.path(name)))))
  assert.deepEqual(answers, [
    ['.hidden', '..two', 'x y', '*', 'new\nline', 'link'].sort(),
    [],
    undefined,
    ['inside'],
    ['read-failed', `cannot list ${dir.path('file')}: not a directory`],
    undefined,
  ])
  const root = await batcher.query(files.list, '/')
  assert.ok(root?.includes('proc') && root.includes('usr'))
  assert.equal(sent.length, 2)
})

const busybox = spawnSync('busybox', ['true']).status === 0 ? false : 'busybox is not installed'

test(
  'on a host with busybox alone, texts are read, and what cannot be says what to install',
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
      outcome(batcher.query(files.text, dir.path('a')).then(textOf)),
      outcome(batcher.query(files.text, dir.path('b')).then(textOf)),
      outcome(batcher.query(files.text, dir.path('absent'))),
      outcome(batcher.query(files.stat, dir.path('a'))),
      outcome(batcher.query(files.hash, dir.path('a'))),
      outcome(batcher.query(files.space, dir.path('a'))),
    ])
    assert.deepEqual([a, b, absent], ['a', 'b', undefined])
    const hint = 'gpuplay needs GNU coreutils there; install coreutils (busybox lacks options that it uses)'
    for (const answer of [stat, hash, space]) assert.equal(Array.isArray(answer) && answer[2], hint)
    const none = asking({ PATH: dir.path('nowhere') })
    const nothing = await outcome(none.batcher.query(files.stat, '/'))
    assert.equal(Array.isArray(nothing) && nothing[2], hint)
  },
)
