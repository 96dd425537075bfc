/** What gpu_verify says about GPUs that a container could reach. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { devices, look } from './testing/scene.ts'

const own = 'dev0: /dev/nvidiactl,mode=0666\ndev1: /dev/nvidia1,mode=0666\n'

test('pending changes that would take or give a GPU are reported with their line', async () => {
  const pending = async (lines: string): Promise<readonly unknown[]> =>
    (await look({ config: `unprivileged: 1\n${own}\n[pve:pending]\n${lines}` })).plan.refusal?.findings?.map(
      ({ message, line }) => [message, line],
    ) ?? []
  assert.deepEqual(await pending('delete: dev0\n'), [
    ['the next start of the container takes /dev/nvidiactl from it', '101.conf: [pve:pending] delete: dev0'],
  ])
  assert.deepEqual(await pending('dev3: mode=0666,path=/dev/nvidia0\n'), [
    [
      'the next start of the container gives it /dev/nvidia0',
      '101.conf: [pve:pending] dev3: mode=0666,path=/dev/nvidia0',
    ],
  ])
  assert.deepEqual(await pending('dev1: /dev/dri/card0\n'), [
    [
      'the next start of the container takes /dev/nvidia1 from it',
      '101.conf: [pve:pending] dev1: /dev/dri/card0',
    ],
  ])
  assert.deepEqual(await pending('memory: 512\ndelete: net1\n'), [])
})

test('a device node that root of a privileged container can create and open is reported', async () => {
  const programs = { 'device-probe 195:0': { stdout: '195:0\n' } }
  const { plan } = await look({ config: own, inside: { programs } })
  assert.deepEqual(
    plan.refusal?.findings?.map(({ message }) => message),
    ['the container can create the device node /dev/nvidia0 of another GPU and open it'],
  )
  assert.deepEqual(
    (await look({ config: own, inside: { programs: { 'device-probe 195:0': {} } } })).findings,
    [],
  )
  assert.deepEqual((await look({ config: `unprivileged: 1\n${own}`, inside: { programs } })).findings, [])
})

test('the rule that opens it is reported instead, with what to do', async () => {
  const programs = { 'device-probe 195:0': { stdout: '195:0\n' } }
  const rule = 'lxc.cgroup2.devices.allow: c *:0 rwm'
  const { plan } = await look({ config: `${own}${rule}\n`, inside: { programs } })
  assert.deepEqual(plan.refusal?.findings, [
    {
      message: 'a device rule of this privileged container allows GPUs that are not assigned',
      line: `101.conf: ${rule}`,
      fix: 'limit the rule to the devices that the container needs, or remove it, then restart the container',
    },
  ])
})

test('a device that the rules of the container close is reported, and nothing that follows from it', async () => {
  const stderr = "head: cannot open '/dev/nvidia-uvm' for reading: Operation not permitted\n"
  const programs = {
    'head -c 0 /dev/nvidia-uvm': { code: 1, stderr },
    // The driver refuses, not the rules.
    'head -c 0 /dev/nvidia1': { code: 1, stderr: "head: cannot open '/dev/nvidia1': Input/output error\n" },
    'cuda-probe': { code: 1, stdout: 'init 999\n' },
  }
  const { plan } = await look({ config: own, inside: { programs } })
  assert.deepEqual(plan.refusal?.findings, [
    {
      message: '/dev/nvidia-uvm cannot be opened: the device rules of the container do not allow it',
      cause: 'its configuration has no rule for this device, or has got one since the container started',
      fix: 'gpuplay run containers.yml -i INVENTORY -l pve1; if that changes nothing, restart the container: pct reboot 101 (on pve1)',
    },
  ])
})

test('rules for majors that no driver has are reported with their line', async () => {
  const rule = 'lxc.cgroup2.devices.allow: c 509:* rwm'
  const sentence = `line 1 of 101.conf (${rule}): no driver of pve1 has major 509, and after a reboot another device may get it; remove the line, then restart the container`
  const { findings, plan } = await look({ config: `${rule}\nunprivileged: 1\n` })
  assert.deepEqual(findings, [])
  assert.deepEqual(plan.warnings, [sentence])
  const failed = await look({ config: `${rule}\ndev9: /dev/nvidia0\n` })
  assert.equal(failed.findings.length, 1)
  assert.deepEqual(failed.plan.warnings, [sentence])
})

test('settings that weaken the isolation from the node cause warnings', async () => {
  const { findings, plan } = await look({
    config: 'unprivileged: 1\nlxc.apparmor.profile: unconfined\nlxc.include: /root/x.conf\n',
  })
  assert.deepEqual(findings, [])
  assert.deepEqual(plan.warnings, [
    'container 101: AppArmor does not confine it (lxc.apparmor.profile: unconfined)',
    'container 101: it reads more settings from /root/x.conf, which are not checked',
  ])
})

/** The nodes in /dev/dri of the scene's two GPUs; the container has the first GPU. */
const displays = {
  '/sys/bus/pci/devices/0000:01:00.0/drm/renderD130/dev': '226:130\n',
  '/sys/bus/pci/devices/0000:41:00.0/drm/renderD129/dev': '226:129\n',
}
const opened = { 'head -c 0 /dev/dri/renderD129': {} }

test("another GPU's render node that a mount and a wide rule open is reported with the rule", async () => {
  const nodes = { ...devices, '/dev/dri/renderD129': '226:129', '/dev/dri/renderD128': '226:128' }
  const rule = 'lxc.cgroup2.devices.allow: c 226:* rw'
  const config = `unprivileged: 1\n${own}lxc.mount.entry: /dev/dri dev/dri none bind,create=dir 0 0\n${rule}\n`
  const { plan } = await look({ config, inside: { nodes, programs: opened }, onNode: displays })
  assert.deepEqual(plan.refusal?.findings, [
    {
      message: '/dev/dri/renderD129 can be opened, but is not assigned',
      line: `101.conf: ${rule}`,
      fix: 'limit the rule to the devices that the container needs, or remove it, then restart the container',
    },
  ])
  const failing = {
    code: 1,
    stderr: "head: cannot open '/dev/dri/renderD129' for reading: No such device or address",
  }
  const driverFails = { nodes, programs: { 'head -c 0 /dev/dri/renderD129': failing } }
  assert.equal((await look({ config, inside: driverFails, onNode: displays })).findings.length, 1)
  const denied = {
    code: 1,
    stderr: "head: cannot open '/dev/dri/renderD129' for reading: Operation not permitted",
  }
  const programs = { 'head -c 0 /dev/dri/renderD129': denied }
  assert.deepEqual((await look({ config, inside: { nodes, programs }, onNode: displays })).findings, [])
})

test("another GPU's render node that is configured, or that root can create, is reported", async () => {
  const line = 'dev5: /dev/dri/renderD129'
  const configured = await look({ config: `unprivileged: 1\n${own}${line}\n`, onNode: displays })
  assert.deepEqual(configured.findings, ['/dev/dri/renderD129 is configured, but not assigned'])
  const programs = { 'device-probe 195:0 226:129': { stdout: '226:129\n' } }
  assert.deepEqual((await look({ config: own, inside: { programs }, onNode: displays })).findings, [
    'the container can create the device node /dev/dri/renderD129 of another GPU and open it',
  ])
  const pending = `unprivileged: 1\n${own}\n[pve:pending]\n${line}\n`
  assert.deepEqual((await look({ config: pending, onNode: displays })).findings, [
    'the next start of the container gives it /dev/dri/renderD129',
  ])
})
