import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gpuHost } from '../nvidia/testing/gpu-host.ts'
import { parseContainerConfig } from './container-config.ts'
import { configuredFeatures, runningFeatures, withFeatures } from './features.ts'

const both = ['nesting', 'keyctl'] as const

test('features are added, and others keep their values', () => {
  assert.equal(withFeatures('cores: 1\n', both), 'cores: 1\nfeatures: nesting=1,keyctl=1\n')
  assert.equal(
    withFeatures('features: mount=nfs;cifs,nesting=0,fuse=1\ncores: 1\n\n[old]\nfeatures: fuse=1\n', both),
    'cores: 1\nfeatures: mount=nfs;cifs,nesting=1,fuse=1,keyctl=1\n\n[old]\nfeatures: fuse=1\n',
  )
})

test('nothing changes if the features are on', () => {
  for (const text of ['features: keyctl=1,nesting=1\n', 'features: fuse=1,nesting=on,keyctl=yes'])
    assert.equal(withFeatures(text, both), text)
})

test('a pending change of the features is merged, because the next start would apply it', () => {
  assert.equal(
    withFeatures('features: nesting=1\n[pve:pending]\nfeatures: fuse=1\nmemory: 512\n', both),
    'features: fuse=1,nesting=1,keyctl=1\n[pve:pending]\nmemory: 512\n',
  )
  assert.equal(
    withFeatures('features: nesting=1,keyctl=1\n[pve:pending]\ndelete: features,net1\n', both),
    'features: nesting=1,keyctl=1\n[pve:pending]\ndelete: net1\n',
  )
})

test('the features after the next start are those of the configuration', () => {
  const config = parseContainerConfig('features: nesting=1\n[pve:pending]\nfeatures: keyctl=1\n')
  assert.deepEqual(configuredFeatures(config), ['keyctl'])
})

test('a running container has the features with which it was started', async () => {
  const mount = '1 2 0:5 / /dev/.lxc/proc rw - proc proc rw\n'
  const profile = '/var/lib/lxc/101/rules.seccomp'
  const has = async (mounts: string, config: string, rules: string): Promise<readonly string[]> =>
    await runningFeatures(
      gpuHost({
        files: { '/proc/7/mountinfo': mounts, '/var/lib/lxc/101/config': config, [profile]: rules },
      }),
      '101',
      7,
    )
  const own = `lxc.seccomp.profile = /usr/share/lxc/config/x.seccomp\nlxc.seccomp.profile = ${profile}\n`
  assert.deepEqual(await has(mount, '', ''), ['nesting', 'keyctl'])
  assert.deepEqual(await has(mount, own, '2\ndenylist\nkeyctl errno 38\n'), ['nesting'])
  assert.deepEqual(await has('', own, '2\ndenylist\nsocket errno 97\n'), ['keyctl'])
  assert.deepEqual(await has('', 'lxc.seccomp.profile = /etc/shadow\n', ''), ['keyctl'])
})
