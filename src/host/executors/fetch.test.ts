import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { sha256Of } from '../content.ts'
import { scratch } from '../testing/scratch.ts'
import { here } from '../testing/steps.ts'
import { executeAction, testContext } from '../testing/test-machine.ts'

const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256))

test('a file of the host is saved byte by byte, in new folders, for its owner only', async () => {
  using dir = scratch()
  const [path, to] = [dir.path("it's -here"), dir.path('saved/pve1/x')]
  writeFileSync(path, bytes)
  const action = { kind: 'fetch', path, to, sha256: sha256Of(bytes) } as const
  assert.deepEqual(await executeAction(action, here(dir), testContext()), { kind: 'done' })
  assert.ok(readFileSync(to).equals(bytes))
  assert.equal(statSync(to).mode & 0o7777, 0o600)
  writeFileSync(to, 'older', { mode: 0o644 })
  assert.deepEqual(await executeAction(action, here(dir), testContext()), { kind: 'done' })
  assert.ok(readFileSync(to).equals(bytes))
  assert.deepEqual(readdirSync(dir.path('saved/pve1')), ['x'])
})

test('a file that changed since the plan is not saved, and is planned again', async () => {
  using dir = scratch()
  const [path, to] = [dir.path('here'), dir.path('saved')]
  writeFileSync(path, 'new')
  writeFileSync(to, 'kept')
  const action = { kind: 'fetch', path, to, sha256: sha256Of('old') } as const
  const result = await executeAction(action, here(dir), testContext())
  assert.deepEqual(result, { kind: 'stale', why: `${path} on pve1 was changed by something else meanwhile` })
  assert.equal(readFileSync(to, 'utf8'), 'kept')
  assert.deepEqual(readdirSync(dir.directory).sort(), ['here', 'saved'])
})

test('a file that cannot be read, or not be written here, is a failure with the reason', async () => {
  using dir = scratch()
  writeFileSync(dir.path('file'), 'x')
  for (const [path, to, message] of [
    [dir.path('none'), dir.path('a'), /^cannot fetch .*none: .*No such file/],
    [dir.path('file'), dir.path('file/below'), /^cannot fetch .*file: cannot write .*below: E/],
  ] as const) {
    const action = { kind: 'fetch', path, to, sha256: sha256Of('x') } as const
    const result = await executeAction(action, here(dir), testContext())
    assert.ok(result.kind === 'failed', result.kind)
    assert.match(result.problem.message, message)
  }
})
