/** What is mounted, as a host describes it, and after predicted changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../../base/brand.ts'
import { UnknownError } from '../../base/unknown.ts'
import type { Action } from '../action.ts'
import { createOverlay } from '../overlay.ts'
import { mount } from '../queries/mount-queries.ts'
import { createReader } from '../reader.ts'
import { createLocalShell } from '../testing/local-shell.ts'
import { mountKind } from './mount.ts'

const pve1 = hostName('pve1')

test('the last mount at a path counts, and octal numbers are characters', () => {
  const text = 'rootfs / rootfs rw 0 0\n/dev/sda1 / ext4 rw 0 0\ntmpfs /mnt/a\\040b\\134 tmpfs rw 0 0\n'
  const said = { stdout: Buffer.from(text), stderr: Buffer.alloc(0), code: 0 }
  assert.deepEqual(mount.parse(said, ['/', '/mnt/a b\\', '/mnt']), [
    { ok: true, value: { mounted: true, fstype: 'ext4' } },
    { ok: true, value: { mounted: true, fstype: 'tmpfs' } },
    { ok: true, value: { mounted: false, fstype: '' } },
  ])
})

test('a predicted mount is read back, and the files below it are unknown', async () => {
  const shell = createLocalShell()
  const reader = createReader({
    name: pve1,
    shell: async () => shell,
    signal: new AbortController().signal,
    placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
    controller: { file: async () => undefined, text: async () => undefined },
  })
  const overlay = createOverlay()
  const action: Action = {
    kind: 'run',
    argv: ['mount'],
    effects: [
      { kind: 'unknown', resources: ['file:/gpuplay-none/*'], why: 'an earlier task mounts it' },
      { kind: 'mount', name: '/gpuplay-none', becomes: { mounted: true } },
    ],
  }
  const { host } = reader.forTask({ overlay })
  assert.equal((await host.read(mountKind, '/')).mounted, true)
  assert.equal((await host.read(mountKind, '/gpuplay-none')).mounted, false)
  overlay.apply({ name: pve1 }, action)
  assert.equal((await host.read(mountKind, '/gpuplay-none')).mounted, true)
  await assert.rejects(host.stat('/gpuplay-none/x'), UnknownError)
})
