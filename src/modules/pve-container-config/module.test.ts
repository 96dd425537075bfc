import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown, UnknownError } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { gpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { pveContainerConfig } from './module.ts'

const base = 'cores: 1\nunprivileged: 1\n'
const wanted = 'devN: /dev/nvidia0,mode=0666\n'
const record = 'gpu 0000:01:00.0 0 GPU-x\n'

async function look(
  config: string,
  given: Partial<Args> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Plan> {
  const args: Args = {
    ctid: '',
    content: wanted,
    owned: ['^dev\\d+: /dev/nvidia'],
    more_owned: [],
    record,
    lock_timeout: 60,
    ...given,
  }
  const host: Host = {
    ...gpuHost({ containers: { 101: { status: 'stopped', config, pid: undefined } }, files }),
    placement: { ctid: '101', nodeName: undefined, cluster: undefined },
  }
  return pveContainerConfig.plan(args, await pveContainerConfig.probe(args, host))
}

test("the file is replaced on the node, under Proxmox's lock, with a backup in another directory", async () => {
  const { actions } = await look(base)
  assert.deepEqual(
    actions.map((action) => [action.kind, action.on, 'path' in action ? action.path : '']),
    [
      ['makeDirectory', 'node', '/var/lib/gpuplay/v1/assignments'],
      ['writeFile', 'node', '/var/lib/gpuplay/v1/assignments/101'],
      ['writeFile', 'node', '/etc/pve/lxc/101.conf'],
    ],
  )
  const write = actions[2]
  assert.ok(write?.kind === 'writeFile')
  assert.deepEqual(write.lock, { kind: 'flock', path: '/run/lock/lxc/pve-config-101.lock', timeout: 60 })
  assert.deepEqual(
    [write.plain, write.backup, write.backupDirectory],
    [true, true, '/var/lib/gpuplay/v1/backups'],
  )
  assert.deepEqual(write.content, { kind: 'text', text: `${base}dev0: /dev/nvidia0,mode=0666\n` })
})

test('if lines and record are correct, nothing is planned', async () => {
  const note = { '/var/lib/gpuplay/v1/assignments/101': `${record}line dev3: /dev/nvidia0,mode=0666\n` }
  assert.deepEqual((await look(`${base}dev3: /dev/nvidia0,mode=0666\n`, {}, note)).actions, [])
})

test('the note of a destroyed container says nothing about the one that has its number now', async () => {
  const path = '/var/lib/gpuplay/v1/assignments/101'
  const network = 'net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=dhcp\n'
  const config = `${base}dev3: /dev/nvidia0,mode=0666\nlxc.x: 1\n${network}`
  const note = (address: string, line = ''): Readonly<Record<string, string>> => ({
    [path]: `${record}mac ${address}\nline dev3: /dev/nvidia0,mode=0666\n${line}`,
  })
  assert.deepEqual((await look(config, {}, note('BC:24:11:00:00:01'))).actions, [])
  const { actions } = await look(config, {}, note('BC:24:11:00:00:99', 'line lxc.x: 1\n'))
  assert.deepEqual(
    actions.map(({ label }) => label),
    ['record the assigned GPUs'],
  )
})

test('recorded lines are owned even if their device numbers are no longer valid', async () => {
  const old = 'lxc.cgroup2.devices.allow: c 511:0 rw'
  const note = { '/var/lib/gpuplay/v1/assignments/101': `line ${old}\n` }
  const { actions } = await look(`${base}${old}\n`, { content: '', record: '' }, note)
  assert.deepEqual(
    actions.map(({ kind }) => kind),
    ['remove', 'writeFile'],
  )
  assert.deepEqual((await look(`${base}${old}\n`, { content: '', record: '' })).actions, [])
})

test('only a change waits for a lock of Proxmox and is refused for HA', async () => {
  const config = `lock: backup\n${base}`
  assert.match((await look(config)).settle?.why ?? '', /lock: backup/)
  assert.deepEqual((await look(config, { content: '', record: '' })).settle, undefined)
  const ha = { '/etc/pve/ha/resources.cfg': 'ct: 101\n\tstate started\n' }
  assert.equal((await look(base, {}, ha)).refusal?.code, 'managed-by-ha')
  assert.equal((await look(base, { content: '', record: '' }, ha)).refusal, undefined)
})

test('in a dry run, unknown lines are a change if there are no lines yet, otherwise the outcome is unknown', async () => {
  const content = new Unknown('the driver is loaded first')
  const { actions } = await look(base, { content, record: content, more_owned: content })
  const write = actions.at(-1)
  assert.ok(write?.kind === 'writeFile')
  assert.deepEqual(write.content, { kind: 'unknown', why: content.why })
  await assert.rejects(
    look(`${base}dev0: /dev/nvidia0\n`, { content, record: content, more_owned: content }),
    UnknownError,
  )
})

test('in a dry run, known lines with an unknown record or ownership make the outcome unknown', async () => {
  const unknown = new Unknown('the driver is loaded first')
  await assert.rejects(look(base, { record: unknown }), UnknownError)
  await assert.rejects(look(base, { more_owned: unknown }), UnknownError)
})
