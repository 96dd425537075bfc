import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseContainerConfig } from '../proxmox/container-config.ts'
import { rulesForOtherGpus, rulesForUnusedMajors, weakenedIsolation } from './isolation.ts'

const values = (text: string, minors: readonly number[] = [0]): readonly string[] => {
  const others = [{ path: '/dev/dri/renderD129', major: 226, minor: 129 }]
  return rulesForOtherGpus(parseContainerConfig(text), { minors, others }).map(({ value }) => value)
}

test('every rule that opens another GPU is found, each once', () => {
  const rule = (value: string): string => `lxc.cgroup2.devices.allow: ${value}\n`
  assert.deepEqual(values(rule('c 195:0 rw') + rule('c 195:255 rw') + rule('c 195:254 rw')), [])
  assert.deepEqual(values(rule('c 195:* rw') + rule('c *:1 rwm') + rule('c 195:0 rw')), [
    'c 195:* rw',
    'c *:1 rwm',
  ])
  assert.deepEqual(values(rule('a')), ['a'])
  assert.deepEqual(values(rule('c 195:1 rw'), [0, 1]), [])
  assert.deepEqual(values(rule('c 226:128 rw') + rule('c 226:0 rw')), [])
  assert.deepEqual(values(rule('c 226:* r') + rule('c 226:129 w')), ['c 226:* r', 'c 226:129 w'])
})

test('in a user namespace, rules open nothing', () => {
  const rule = 'lxc.cgroup2.devices.allow: a\n'
  assert.deepEqual(values(`unprivileged: 1\n${rule}`), [])
  assert.deepEqual(values(`lxc.idmap: u 0 200000 65536\nlxc.idmap: g 0 200000 65536\n${rule}`), [])
})

test('rules for dynamic majors that no driver has are named, unless gpuplay has written them', () => {
  const devices = 'Character devices:\n195 nvidia\n226 drm\n508 nvidia-uvm\n\nBlock devices:\n509 blkext\n'
  const rules = ['c 509:* rwm', 'c 235:* rwm', 'c 226:0 rw', 'c 188:* rwm', 'c 508:* rwm', 'c *:* m', 'a']
  const config = parseContainerConfig(
    rules.map((rule) => `lxc.cgroup2.devices.allow: ${rule}\n`).join('') +
      'lxc.cgroup2.devices.deny: c 510:* rwm\nlxc.cgroup2.devices.allow: c 511:0 rw\n',
  )
  const written = ['lxc.cgroup2.devices.allow: c 511:0 rw']
  const found = rulesForUnusedMajors(config, { ctid: '101', node: 'pve1', devices, written })
  assert.deepEqual(
    found.map(
      (sentence) => /^line \d+ of 101\.conf \(.*\): no driver of pve1 has major \d+/.exec(sentence)?.[0],
    ),
    [
      'line 1 of 101.conf (lxc.cgroup2.devices.allow: c 509:* rwm): no driver of pve1 has major 509',
      'line 2 of 101.conf (lxc.cgroup2.devices.allow: c 235:* rwm): no driver of pve1 has major 235',
    ],
  )
})

test('lines that weaken the isolation are named', () => {
  const config = parseContainerConfig(
    'lxc.apparmor.profile: unconfined\nlxc.cap.drop:\nlxc.include: /usr/share/x.conf\nlxc.cap.drop: sys_time\n',
  )
  assert.deepEqual(weakenedIsolation(config), [
    'AppArmor does not confine it (lxc.apparmor.profile: unconfined)',
    'it keeps all capabilities of root (lxc.cap.drop:)',
    'it reads more settings from /usr/share/x.conf, which are not checked',
  ])
})
