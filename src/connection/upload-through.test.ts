import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, describe, test } from 'node:test'
import { Secret } from '../base/secret.ts'
import { becomeConnection } from './become.ts'
import { localConnection } from './local.ts'
import { pctConnection } from './pct.ts'
import { testEffects } from './testing/test-effects.ts'
import { type Upload, upload } from './upload.ts'
import { fakePct, fakeSudo, isRoot, machineWith, program, scratchFolder } from './testing/programs.ts'
import { calm } from './testing/shells.ts'

describe('uploading', () => {
  const connection = localConnection(testEffects())
  after(() => connection.close())

  async function send(
    changes: Partial<Upload> & Pick<Upload, 'source' | 'path'>,
    by = connection,
  ): Promise<string> {
    const result = await upload(by, { mode: '0644', signal: calm, ...changes })
    return result.kind === 'failed' ? result.problem.code : result.kind
  }

  test('bytes, a file and a stream arrive completely with their mode, without a remaining temporary file', async () => {
    const folder = scratchFolder()
    const source = join(folder, 'source')
    const bytes = randomBytes(3_000_001)
    writeFileSync(source, bytes)
    const there = join(folder, 'there')
    mkdirSync(there)
    assert.equal(await send({ source, path: `${there}/it's a file`, mode: '0750' }), 'sent')
    assert.ok(readFileSync(`${there}/it's a file`).equals(bytes))
    assert.equal(statSync(`${there}/it's a file`).mode & 0o777, 0o750)
    assert.equal(await send({ source: Readable.from([bytes, bytes]), path: `${there}/stream` }), 'sent')
    assert.ok(readFileSync(`${there}/stream`).equals(Buffer.concat([bytes, bytes])))
    assert.equal(await send({ source: Buffer.alloc(0), path: `${there}/stream` }), 'sent')
    assert.equal(statSync(`${there}/stream`).size, 0)
    assert.deepEqual(readdirSync(there).sort(), ["it's a file", 'stream'])
  })

  test('a failure keeps the old file and leaves no temporary file', async () => {
    const folder = scratchFolder()
    const path = join(folder, 'file')
    writeFileSync(path, 'old')
    assert.equal(await send({ source: Buffer.from('new'), path, sha256: '0'.repeat(64) }), 'wrong-checksum')
    assert.equal(await send({ source: '/does/not/exist', path }), 'upload-source-unreadable')
    const breaks = new Readable({
      read() {
        this.push(randomBytes(100_000))
        this.destroy(new Error('the source broke'))
      },
    })
    assert.equal(await send({ source: breaks, path }), 'upload-source-unreadable')
    assert.equal(await send({ source: Buffer.from('x'), path: folder }), 'upload-failed')
    assert.equal(await send({ source: Buffer.from('x'), path: `${folder}/no/such/folder` }), 'upload-failed')
    assert.deepEqual(readdirSync(folder), ['file'])
    assert.equal(readFileSync(path, 'utf8'), 'old')
  })

  test(
    'a full disk is reported',
    { skip: isRoot ? false : 'needs root to mount a small file system' },
    async (t) => {
      const folder = scratchFolder()
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder]).status !== 0) {
        t.skip('no file system can be mounted here')
        return
      }
      try {
        assert.equal(await send({ source: randomBytes(20_000_000), path: join(folder, 'big') }), 'disk-full')
        assert.deepEqual(readdirSync(folder), [])
      } finally {
        spawnSync('umount', [folder])
      }
    },
  )

  test('cancelling ends the upload and removes the temporary file', async () => {
    const folder = scratchFolder()
    const controller = new AbortController()
    const endless = new Readable({ read: () => {} })
    endless.push(randomBytes(1000))
    const sending = upload(connection, {
      source: endless,
      path: join(folder, 'f'),
      mode: '0644',
      signal: controller.signal,
    })
    setTimeout(() => {
      controller.abort(new Error('enough'))
      endless.destroy(new Error('enough'))
    }, 300)
    await assert.rejects(sending, /enough/)
    assert.equal(existsSync(join(folder, 'f')), false)
  })

  test('if a host dies during the upload, the result is lost, never sent', async () => {
    const folder = scratchFolder()
    program(folder, 'cat', 'head -c 100000 >/dev/null; kill -9 $PPID; sleep 1\n')
    const dying = machineWith(folder)
    const result = await upload(dying, {
      source: randomBytes(5_000_000),
      path: join(folder, 'f'),
      mode: '0644',
      signal: calm,
    })
    assert.equal(result.kind, 'lost')
    await dying.close()
  })

  test('files can be sent through pct and become', async () => {
    const folder = scratchFolder()
    program(folder, 'pct', fakePct)
    program(folder, 'sudo', fakeSudo)
    const become = becomeConnection(machineWith(folder), {
      user: 'gpuplay-nobody',
      method: 'sudo',
      password: new Secret('correct horse'),
    })
    const bytes = randomBytes(300_000)
    assert.equal(
      await send({ source: bytes, path: join(folder, 'inside') }, pctConnection(become, '101')),
      'sent',
    )
    assert.ok(readFileSync(join(folder, 'inside')).equals(bytes))
    await become.close()
  })
})
