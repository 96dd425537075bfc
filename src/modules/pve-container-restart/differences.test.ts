import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileStatus } from '../../host/host.ts'
import { gpuNode } from '../../nvidia/proc.ts'
import { parseContainerConfig } from '../../proxmox/container-config.ts'
import { deviceEntries } from '../../proxmox/device-entries.ts'
import { mountPoints, type RunningDevice } from '../../proxmox/running-container.ts'
import { differences } from './differences.ts'

const unprivileged = '         0     100000      65536\n'

function node(numbers: string, more: Partial<FileStatus> = {}): FileStatus {
  const [major = 0, minor = 0] = numbers.split(':').map(Number)
  const owner = { mode: '0666', owner: 'root', group: 'root', uid: 100_000, gid: 100_000, size: 0 }
  return { kind: 'character', ...owner, major, minor, ...more }
}

function compare(
  config: string,
  running: Readonly<Record<string, FileStatus>>,
  nodes: Readonly<Record<string, string>> = { '/dev/nvidia0': '195:0', '/dev/nvidia-uvm': '508:0' },
  started?: string,
): readonly string[] {
  const devices: readonly RunningDevice[] = Object.entries(running).map(([path, status]) => ({
    path,
    status,
  }))
  return differences({
    configured: deviceEntries(parseContainerConfig(config)),
    running: devices,
    nodes: new Map(Object.entries(nodes).map(([path, numbers]) => [path, node(numbers)])),
    uidMap: unprivileged,
    gidMap: unprivileged,
    rules:
      started === undefined
        ? undefined
        : {
            started: parseContainerConfig(started).current.lxc,
            configured: parseContainerConfig(config).current.lxc,
            gpus: [gpuNode(0), gpuNode(1), { path: '/dev/dri/renderD129', major: 226, minor: 129 }],
          },
  })
}

const devn = 'dev0: /dev/nvidia0,mode=0666\n'

test('a container that runs as configured needs no restart', () => {
  assert.deepEqual(compare(devn, { '/dev/nvidia0': node('195:0') }), [])
  assert.deepEqual(compare('', {}), [])
})

test('missing, leftover and changed devices are reported', () => {
  assert.deepEqual(compare(devn, {}), ['it does not have /dev/nvidia0 yet'])
  assert.deepEqual(compare('', { '/dev/nvidia0': node('195:0') }), ['it still has /dev/nvidia0'])
  assert.deepEqual(compare('dev0: /dev/nvidia-uvm,mode=0666\n', { '/dev/nvidia-uvm': node('511:0') }), [
    'its /dev/nvidia-uvm is 511:0, on the node it is 508:0',
  ])
})

test('a mount without its source leaves a file that is not a device', () => {
  const config = 'lxc.mount.entry: /dev/nvidia0 dev/nvidia0 none bind,optional,create=file\n'
  const file: FileStatus = { ...node('0:0'), kind: 'file', mode: '0000' }
  assert.deepEqual(compare(config, { '/dev/nvidia0': file }), ['its /dev/nvidia0 is not a device'])
})

test('mode and owner, with the IDs of the container, are compared for devN but not for bind mounts', () => {
  const other = { '/dev/nvidia0': node('195:0', { mode: '0660', uid: 0, gid: 0 }) }
  assert.deepEqual(compare(devn, other), [
    'its /dev/nvidia0 has mode 0660, not 0666',
    'its /dev/nvidia0 belongs to 0:0, not 100000:100000 (IDs on the node)',
  ])
  assert.deepEqual(compare('lxc.mount.entry: /dev/nvidia0 dev/nvidia0 none bind\n', other), [])
  const grouped = { '/dev/nvidia0': node('195:0', { mode: '0660', gid: 100_044 }) }
  assert.deepEqual(compare('dev0: /dev/nvidia0,gid=44\n', grouped), [])
})

test('raw lines are compared with the rules that the container was started with', () => {
  const mount = (path: string): string => `lxc.mount.entry: /dev/${path} dev/${path} none bind\n`
  const rules = (...values: readonly string[]): string =>
    values.map((value) => `lxc.cgroup2.devices.allow: ${value}\n`).join('')
  const running = { '/dev/nvidia-uvm': node('508:0') }
  const after = (started: string, config: string): readonly string[] =>
    compare(config, running, undefined, started)
  const own = mount('nvidia-uvm') + rules('c 508:0 rw')
  assert.deepEqual(after('lxc.cgroup2.devices.allow = c 508:0 rw\n', own), [])
  assert.deepEqual(after('lxc.cgroup2.devices.allow = c 508:* rwm\n', own), [])
  for (const started of ['c 509:0 rw', 'c 508:0 r', 'c 508:1 rw'])
    assert.deepEqual(after(rules(started), own), [
      'it was started with device rules that refuse /dev/nvidia-uvm (508:0)',
    ])
  // A restart would not help.
  assert.deepEqual(after('', mount('nvidia-uvm')), [])
  assert.deepEqual(after(rules('c 508:0 rw', 'c 195:* rw'), own), [
    'it was started with device rules that allow /dev/nvidia0 (195:0)',
    'it was started with device rules that allow /dev/nvidia1 (195:1)',
  ])
  assert.deepEqual(after(rules('c 508:0 rw', 'c 195:1 rw'), own + rules('c 195:1 rw')), [])
  assert.deepEqual(after(rules('c 508:0 rw', 'c 226:128 rw', 'c 226:129 rw'), own), [
    'it was started with device rules that allow /dev/dri/renderD129 (226:129)',
  ])
  assert.deepEqual(after('', 'dev0: /dev/nvidia-uvm,mode=0666\n'), [])
})

test('escapes in the mount table are decoded', () => {
  const table =
    '100 99 0:5 /nvidia0 /dev/nvidia0 rw,nosuid - devtmpfs udev rw\n101 99 0:5 /x /dev/a\\040b rw - tmpfs none rw\n'
  assert.deepEqual(mountPoints(table), ['/dev/nvidia0', '/dev/a b'])
})
