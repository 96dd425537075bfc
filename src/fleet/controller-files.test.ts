import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { HostError } from '../base/errors.ts'
import { scratch } from '../host/testing/scratch.ts'
import { createControllerFiles } from './controller-files.ts'

test('a file is described by the hash of its bytes, its size and its mode in four digits', async () => {
  using dir = scratch()
  const files = createControllerFiles('/', Date.now)
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
  const files = createControllerFiles(dir.directory, Date.now)
  assert.equal(await files.text('it'), 'grüße\n')
  assert.equal((await files.file('./it'))?.size, 8)
})

test('a file that does not exist is undefined', async () => {
  using dir = scratch()
  const files = createControllerFiles(dir.directory, Date.now)
  symlinkSync('nowhere', dir.path('dangling'))
  for (const path of ['dangling', 'missing', 'missing/below', '/dev/null/below'])
    assert.deepEqual([await files.file(path), await files.text(path)], [undefined, undefined], path)
})

test('a path that is not a regular file is an error at once', { timeout: 5000 }, async () => {
  using dir = scratch()
  mkdirSync(dir.path('directory'))
  execFileSync('mkfifo', [dir.path('fifo')])
  const files = createControllerFiles(dir.directory, Date.now)
  for (const [path, why] of [
    ['directory', 'it is a directory'],
    ['fifo', 'it is a FIFO'],
    ['/dev/zero', 'it is a device'],
  ] as const) {
    const message = `cannot read ${resolve(dir.directory, path)} on the machine that gpuplay runs on: ${why}`
    for (const read of [() => files.file(path), () => files.text(path)])
      await assert.rejects(read, (error) => error instanceof HostError && error.problem.message === message)
  }
})

test('a file that Ansible would decrypt is not sent', async () => {
  using dir = scratch()
  writeFileSync(dir.path('key.pem'), '$ANSIBLE_VAULT;1.1;AES256\n6162\n')
  const files = createControllerFiles(dir.directory, Date.now)
  await assert.rejects(files.file('key.pem'), /key\.pem .*: it is encrypted with Ansible Vault/)
})

test('a file that changed is read again, even if its size and times are the same', async () => {
  using dir = scratch()
  // Old enough to be cached.
  const files = createControllerFiles(dir.directory, () => Date.now() + 60_000)
  const read = async (): Promise<unknown> => [await files.text('it'), (await files.file('it'))?.sha256]
  const expected = (text: string): unknown => [text, createHash('sha256').update(text).digest('hex')]
  const write = (name: string, text: string): void => {
    writeFileSync(dir.path(name), text)
    utimesSync(dir.path(name), 1, 1)
  }
  write('it', 'one')
  assert.deepEqual(await read(), expected('one'))
  assert.deepEqual(await read(), expected('one'))
  write('new', 'two')
  renameSync(dir.path('new'), dir.path('it'))
  assert.deepEqual(await read(), expected('two'))
  write('it', 'three')
  assert.deepEqual(await read(), expected('three'))
})

test('a file that changed just now is read every time, because it may change again within a tick of the clock', async () => {
  using dir = scratch()
  const files = createControllerFiles(dir.directory, Date.now)
  for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) {
    writeFileSync(dir.path('it'), text)
    assert.equal(await files.text('it'), text)
  }
})
