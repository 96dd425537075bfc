import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { scratch } from '../host/testing/scratch.ts'
import { createControllerFiles } from './controller-files.ts'

test('a file is described by the hash of its bytes, its size and its mode in four digits', async () => {
  using dir = scratch()
  const files = createControllerFiles('/')
  const bytes = Buffer.concat([Buffer.from([0xff, 0x00]), Buffer.alloc(200_000, 'x')])
  writeFileSync(dir.path('it'), bytes)
  const described = { sha256: createHash('sha256').update(bytes).digest('hex'), size: 200_002 }
  for (const [mode, said] of [
    [0o644, '0644'],
    [0o4755, '4755'],
    [0o400, '0400'],
  ] as const) {
    chmodSync(dir.path('it'), mode)
    assert.deepEqual(await files.file(dir.path('it')), { ...described, mode: said })
  }
  symlinkSync('it', dir.path('link'))
  assert.deepEqual(await files.file(dir.path('link')), { ...described, mode: '0400' })
})

test('relative paths begin where gpuplay was started', async () => {
  using dir = scratch()
  writeFileSync(dir.path('it'), 'grüße\n')
  const files = createControllerFiles(dir.directory)
  assert.equal(await files.text('it'), 'grüße\n')
  assert.equal((await files.file('./it'))?.size, 8)
})

test('what is no file is not there', async () => {
  using dir = scratch()
  mkdirSync(dir.path('directory'))
  symlinkSync('nowhere', dir.path('dangling'))
  const files = createControllerFiles(dir.directory)
  for (const path of ['directory', 'dangling', 'missing', 'missing/below', '/dev/null/below']) {
    assert.deepEqual([await files.file(path), await files.text(path)], [undefined, undefined], path)
  }
  assert.equal(await files.file('/dev/null'), undefined)
})
