import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type Tree, treeDifferences, treeOf } from './trees.ts'

/** A disk with the files that `fill` creates. */
function disk(context: TestContext, fill: (path: string) => void): Tree {
  const path = mkdtempSync(join(tmpdir(), 'gpuplay-trees-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  for (const folder of ['etc', 'opt/bench/data', 'var/lib/gpuplay', 'root/.ansible/tmp'])
    mkdirSync(join(path, folder), { recursive: true })
  fill(path)
  return treeOf(path)
}

test('equal trees have no differences, regardless of the files of the tool itself', (context) => {
  const one = disk(context, (path) => writeFileSync(join(path, 'var/lib/gpuplay/lease'), '1'))
  const other = disk(context, (path) => writeFileSync(join(path, 'root/.ansible/tmp/x'), '2'))
  assert.deepEqual(treeDifferences(one, other), [])
})

test('content, mode, target and type of each file are compared, and modes of created folders', (context) => {
  const one = disk(context, (path) => {
    writeFileSync(join(path, 'etc/a'), '1', { mode: 0o644 })
    writeFileSync(join(path, 'etc/b'), '1', { mode: 0o644 })
    symlinkSync('a', join(path, 'etc/c'))
    chmodSync(join(path, 'opt/bench/data'), 0o755)
  })
  const other = disk(context, (path) => {
    writeFileSync(join(path, 'etc/a'), '2', { mode: 0o644 })
    writeFileSync(join(path, 'etc/b'), '1', { mode: 0o600 })
    symlinkSync('b', join(path, 'etc/c'))
    chmodSync(join(path, 'opt/bench/data'), 0o750)
    chmodSync(join(path, 'etc'), 0o700)
    writeFileSync(join(path, 'etc/d'), '')
  })
  const paths = treeDifferences(one, other).map((line) => line.split(':')[0])
  assert.deepEqual(paths, ['/etc/a', '/etc/b', '/etc/c', '/etc/d', '/opt/bench/data'])
})
