import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type FileBytes, readRegularFile, readRegularFileLater } from './regular-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'gpuplay-regular-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const path = (name: string): string => join(folder, name)

/** Both ways to read, which must agree. */
async function readBoth(name: string, limit = 1024 * 1024): Promise<FileBytes> {
  const now = readRegularFile(path(name), limit)
  assert.deepEqual(await readRegularFileLater(path(name), limit), now)
  return now
}

async function whyNot(name: string, limit?: number): Promise<string> {
  const read = await readBoth(name, limit)
  return read.kind === 'unreadable' ? read.why : read.kind
}

test('a regular file is read completely, also through links, and in /proc, where files have no size', async () => {
  const bytes = Buffer.alloc(300_000, 'abc')
  writeFileSync(path('it'), bytes)
  symlinkSync('it', path('link'))
  assert.deepEqual(await readBoth('link'), { kind: 'bytes', bytes })
  writeFileSync(path('empty'), '')
  assert.deepEqual(await readBoth('empty'), { kind: 'bytes', bytes: Buffer.alloc(0) })
  const version = readRegularFile('/proc/version', 1024 * 1024)
  assert.deepEqual(version, { kind: 'bytes', bytes: readFileSync('/proc/version') })
})

test('a file that does not exist is reported as missing', async () => {
  symlinkSync('nowhere', path('dangling'))
  writeFileSync(path('file'), '')
  for (const name of ['none', 'none/below', 'file/below', 'dangling'])
    assert.equal(await whyNot(name), 'missing')
})

test(
  'a path that is not a regular file is refused at once, without waiting for a writer',
  { timeout: 5000 },
  async () => {
    mkdirSync(path('directory'))
    execFileSync('mkfifo', [path('fifo')])
    symlinkSync('/dev/zero', path('zero'))
    const server = createServer().listen(path('socket'))
    await once(server, 'listening')
    assert.equal(await whyNot('directory'), 'it is a directory')
    assert.equal(await whyNot('fifo'), 'it is a FIFO')
    assert.equal(await whyNot('zero'), 'it is a device')
    assert.equal(await whyNot('socket'), 'it is a socket')
    server.close()
  },
)

test('/dev/null is an empty file', async () => {
  assert.deepEqual(readRegularFile('/dev/null', 1), { kind: 'bytes', bytes: Buffer.alloc(0) })
  assert.deepEqual(await readRegularFileLater('/dev/null', 1), { kind: 'bytes', bytes: Buffer.alloc(0) })
})

test('a file above the size limit is refused', async () => {
  writeFileSync(path('large'), Buffer.alloc(1024 * 1024 + 1))
  assert.equal(await whyNot('large'), 'it is larger than 1 MiB')
  assert.equal((await readBoth('large', 2 * 1024 * 1024)).kind, 'bytes')
  symlinkSync('/proc/kallsyms', path('endless'))
  assert.match(await whyNot('endless', 1024), /^it is larger than/)
})

test('a cycle of links is refused with a clear message', async () => {
  symlinkSync('round', path('round'))
  assert.equal(await whyNot('round'), 'too many symbolic links encountered')
})
