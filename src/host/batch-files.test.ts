/** Queries for many files: combined into few processes, but answered separately. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import * as files from './queries/file-queries.ts'
import { scratch } from './testing/scratch.ts'
import { asking, outcomeOf, programs, textOf } from './testing/asking.ts'

test('many texts are read together, with any content, even if some paths are not files', async () => {
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
    outcomeOf(batcher.query(files.text, dir.path(name)).then(textOf))
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

test('files that the kernel generates on reading are read separately, in the same frame', async () => {
  using dir = scratch()
  writeFileSync(dir.path('a'), 'a')
  const { batcher, sent } = asking()
  // The link points to a file that reports a size of zero.
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

test('texts that change while they are read are read again separately and not mixed up', async () => {
  using dir = scratch()
  for (const name of ['a', 'b', 'c']) writeFileSync(dir.path(name), `${name}\n`)
  // Between the two programs, the first file grows by text that looks like the second file.
  const grow = `printf 'a\\n\\n==> ${dir.path('b')} <==\\nB\\n' >'${dir.path('a')}'`
  const environment = programs(dir, { head: `case $* in -v*) ${grow} ;; esac; exec /usr/bin/head "$@"` })
  const { batcher, sent } = asking(environment)
  const answers = await Promise.all(['a', 'b', 'c'].map((name) => batcher.query(files.text, dir.path(name))))
  assert.deepEqual(answers.map(textOf), [`a\n\n==> ${dir.path('b')} <==\nB\n`, 'b\n', 'c\n'])
  assert.equal(sent.length, 2)
})

test('texts that disappear or shrink while they are read are read again separately', async () => {
  using dir = scratch()
  for (const name of ['a', 'b', 'c']) writeFileSync(dir.path(name), `${name}${name}\n`)
  const environment = programs(dir, {
    head: `case $* in -v*) rm '${dir.path('a')}'; printf c >'${dir.path('c')}' ;; esac; exec /usr/bin/head "$@"`,
  })
  const { batcher } = asking(environment)
  const answers = await Promise.all(['a', 'b', 'c'].map((name) => batcher.query(files.text, dir.path(name))))
  assert.deepEqual(answers.map(textOf), [undefined, 'bb\n', 'c'])
})

test('long texts that exceed a frame together are read one by one', async () => {
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

test('a FIFO is not hashed, because it would block the other files', async () => {
  using dir = scratch()
  writeFileSync(dir.path('a'), 'a')
  spawnSync('mkfifo', [dir.path('pipe')])
  const { batcher } = asking()
  const answers = await Promise.all([
    outcomeOf(batcher.query(files.hash, dir.path('a'))),
    outcomeOf(batcher.query(files.hash, dir.path('pipe'))),
    outcomeOf(batcher.query(files.hash, dir.path('absent'))),
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
  const answers = await Promise.all(names.map((name) => outcomeOf(batcher.query(files.list, dir.path(name)))))
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
