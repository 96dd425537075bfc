import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { fakeWorld, type FakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { sysctl } from './module.ts'

const forwarding = '/proc/sys/net/ipv4/ip_forward'
const file = '/etc/sysctl.d/zz-gpuplay-net.ipv4.ip_forward.conf'

function worldWith(files: Readonly<Record<string, string>> = {}): FakeWorld {
  return fakeWorld({ [forwarding]: '0\n', ...files })
}

test('a parameter is set now and at boot, and nothing is planned afterwards', async () => {
  const world = worldWith()
  const args = { name: 'net.ipv4.ip_forward', value: 1 }
  const { report, diffs } = await converge(sysctl, args, world)
  assert.equal(world.files.get(forwarding)?.text, '1\n')
  assert.equal(world.files.get(file)?.text, '# Written by gpuplay.\nnet/ipv4/ip_forward = 1\n')
  assert.deepEqual(report, { name: 'net.ipv4.ip_forward', value: '1' })
  assert.deepEqual(
    diffs.map(({ title, before, after }) => [title, before, after]),
    [
      ['net.ipv4.ip_forward', '0\n', '1\n'],
      [file, '', '# Written by gpuplay.\nnet/ipv4/ip_forward = 1\n'],
    ],
  )
  assert.deepEqual((await converge(sysctl, args, world)).actions, [])
})

test('the value is set before the file is written, and other values that the kernel changes with it are unknown', async () => {
  const { actions } = await planOnce(sysctl, { name: 'net.ipv4.ip_forward', value: '1' }, worldWith())
  assertHas(actions, [
    { kind: 'run', label: 'set net.ipv4.ip_forward to 1' },
    { kind: 'makeDirectory', path: '/etc/sysctl.d' },
    { kind: 'writeFile', path: file },
  ])
  assert.deepEqual(actions[0]?.effects, [
    {
      kind: 'unknown',
      resources: ['file:/proc/sys/net/ipv4/ip_forward', 'file:/proc/sys/net/ipv4/conf/*'],
      why: 'setting net.ipv4.ip_forward also changes others',
    },
    { kind: 'file', name: forwarding, becomes: { kind: 'file', text: '1\n' } },
  ])
})

test("several numbers are compared as numbers, and predicted in the kernel's format", async () => {
  const path = '/proc/sys/net/ipv4/tcp_rmem'
  const world = fakeWorld({ [path]: '4096\t131072\t6291456\n' })
  const name = 'net.ipv4.tcp_rmem'
  const same = await planOnce(sysctl, { name, value: '4096  131072 6291456' }, world)
  assert.deepEqual(
    same.actions.map(({ kind }) => kind),
    ['makeDirectory', 'writeFile'],
  )
  await converge(sysctl, { name, value: '4096 131072 8388608' }, world)
  assert.equal(world.files.get(path)?.text, '4096\t131072\t8388608\n')
})

test('a dot inside a part of the name is written as a slash, or all separators are slashes', async () => {
  const path = '/proc/sys/net/ipv4/conf/eth0.100/forwarding'
  for (const name of ['net.ipv4.conf.eth0/100.forwarding', 'net/ipv4/conf/eth0.100/forwarding']) {
    const world = fakeWorld({ [path]: '0\n' })
    await converge(sysctl, { name, value: 1 }, world)
    assert.equal(world.files.get(path)?.text, '1\n')
    const written = world.files.get('/etc/sysctl.d/zz-gpuplay-net.ipv4.conf.eth0.100.forwarding.conf')
    assert.match(written?.text ?? '', /\nnet\/ipv4\/conf\/eth0\.100\/forwarding = 1\n$/)
  }
})

test('absent removes the file, reports that the value remains, and needs no value', async () => {
  const world = worldWith({ [file]: 'net/ipv4/ip_forward = 1\n' })
  const plan = await planOnce(sysctl, { name: 'net.ipv4.ip_forward', state: 'absent' }, world)
  assert.deepEqual(plan.warnings, ['net.ipv4.ip_forward keeps its current value until the next boot'])
  await converge(sysctl, { name: 'net.ipv4.ip_forward', state: 'absent' }, world)
  assert.equal(world.files.has(file), false)
  assert.equal(world.files.get(forwarding)?.text, '0\n')
})

test('a parameter that the kernel does not have is refused', async () => {
  const { refusal } = await planOnce(sysctl, { name: 'net.bridge.none', value: 1 }, worldWith())
  assert.equal(refusal?.message, 'the kernel has no parameter net.bridge.none')
  assert.match(refusal?.hint ?? '', /a parameter of a kernel module appears when the module is loaded/)
})

test('a container sets its own parameters, and is referred to its node for others', async () => {
  const world = worldWith({ '/proc/sys/vm/swappiness': '60\n' })
  world.ctid = '101'
  assert.equal((await planOnce(sysctl, { name: 'net.ipv4.ip_forward', value: 1 }, world)).refusal, undefined)
  const { refusal } = await planOnce(sysctl, { name: 'vm.swappiness', value: 10 }, world)
  assert.equal(
    refusal?.message,
    'a container cannot set vm.swappiness: a container has its own value only for parameters below net',
  )
  assert.equal(refusal?.hint, 'use this task on its node, where it applies to all containers')
})

test('a name with a path outside /proc/sys, a value of two lines, and a missing value are mistakes', () => {
  for (const args of [
    { name: 'net.ipv4..ip_forward', value: 1 },
    { name: '/etc/passwd', value: 1 },
    { name: 'net/../../etc', value: 1 },
    { name: 'vm.swappiness', value: '1\nkernel.x = 2' },
    { name: 'vm.swappiness', value: '' },
    { name: 'vm.swappiness' },
  ])
    assert.throws(() => completed(sysctl, args), JSON.stringify(args))
})
