import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratchFolder } from '../connection/testing/programs.ts'
import { whyNotWritable, writeWholeFile } from './whole-file.ts'

const folder = scratchFolder()
const path = join(folder, 'all.prom')
const randomHex = (bytes: number): string => 'ab'.repeat(bytes)

test('a file is replaced by another one that everyone can read', () => {
  const before = process.umask(0o077)
  try {
    writeWholeFile(path, 'old\n', randomHex)
    const { ino } = statSync(path)
    writeWholeFile(path, 'new \u00fc\n', randomHex)
    assert.equal(readFileSync(path, 'utf8'), 'new \u00fc\n')
    assert.notEqual(statSync(path).ino, ino)
    assert.equal(statSync(path).mode & 0o777, 0o644)
  } finally {
    process.umask(before)
  }
  assert.deepEqual(readdirSync(folder), ['all.prom'])
})

test('a failure leaves the old file, and nothing beside it', () => {
  const blocked = join(folder, 'blocked')
  mkdirSync(join(blocked, 'all.prom', 'full'), { recursive: true })
  assert.throws(
    () => writeWholeFile(join(blocked, 'all.prom'), 'new\n', randomHex),
    /EISDIR|ENOTEMPTY|EEXIST/,
  )
  assert.deepEqual(readdirSync(blocked), ['all.prom'])
})

test('a temporary file of somebody else is not written', () => {
  const shared = join(folder, 'shared')
  mkdirSync(shared)
  symlinkSync(path, join(shared, '.all.prom.abababab.tmp'))
  const before = readFileSync(path, 'utf8')
  assert.throws(() => writeWholeFile(join(shared, 'all.prom'), 'new\n', randomHex), /EEXIST/)
  assert.equal(readFileSync(path, 'utf8'), before)
})

test('what cannot be replaced is refused before any work', () => {
  const link = join(folder, 'link.prom')
  symlinkSync(path, link)
  writeFileSync(join(folder, 'file'), '')
  for (const [name, why] of [
    [path, undefined],
    [join(folder, 'new.prom'), undefined],
    [folder, 'it is a directory'],
    [link, 'it is not a regular file'],
    ['/dev/null', 'it is not a regular file'],
    [join(folder, 'none', 'new.prom'), 'no such file or directory'],
    [join(folder, 'file', 'new.prom'), 'not a directory'],
  ] as const)
    assert.equal(
      whyNotWritable(name)?.message,
      why === undefined ? undefined : `cannot write ${name}: ${why}`,
      name,
    )
})
