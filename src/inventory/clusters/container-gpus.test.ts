import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerGpus } from './container-gpus.ts'

test('devices of NVIDIA are found as devN, bind mounts and rules of both versions of cgroups', () => {
  const none = { settings: {}, lxc: [] } as const
  assert.deepEqual(
    containerGpus({
      ...none,
      settings: { dev0: 'mode=0666,path=/dev/nvidia1', dev1: '/dev/nvidiactl,uid=0' },
    }),
    ['/dev/nvidia1', '/dev/nvidiactl'],
  )
  assert.deepEqual(
    containerGpus({ ...none, settings: { dev0: '/dev/dri/renderD128', mp0: '/dev/nvidia0' } }),
    [],
  )
  const rule = (key: string, value: string) => containerGpus({ ...none, lxc: [[key, value]] })
  assert.deepEqual(rule('lxc.mount.entry', '/dev/nvidia0 dev/nvidia0 none bind 0 0'), ['/dev/nvidia0'])
  assert.deepEqual(rule('lxc.mount.entry', '/srv/nvidia srv none bind 0 0'), [])
  assert.deepEqual(rule('lxc.cgroup2.devices.allow', 'c 195:0 rw'), ['char 195:*'])
  assert.deepEqual(rule('lxc.cgroup.devices.allow', 'c 195:* rwm'), ['char 195:*'])
  assert.deepEqual(rule('lxc.cgroup2.devices.allow', 'c 1951:* rwm'), [])
  assert.deepEqual(rule('lxc.cgroup2.devices.deny', 'c 195:* rwm'), [])
})
