import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { converge, planOnce } from '../testing/converge.ts'
import { type FakeWorld, fakeWorld } from '../testing/fake-host.ts'
import { pveContainerSnapshot } from './module.ts'

const record = '/var/lib/gpuplay/v1/rollbacks/900'
const settings = (memory: number): string =>
  `hostname: web\nmemory: ${memory}\nrootfs: tank:subvol-900-disk-0,size=8G\n`
const snapshot = (name: string, time: number, more = ''): string =>
  `\n[${name}]\n${settings(512)}${more}snaptime: ${time}\n`
const time = 1_700_000_000
const taken = `${settings(1024)}parent: before\n${snapshot('before', time)}`

interface Given {
  readonly running?: boolean
  readonly type?: string
  readonly files?: Readonly<Record<string, string>>
}

function world(config: string, { running = false, type = 'zfspool', files = {} }: Given = {}): FakeWorld {
  const made = fakeWorld({ '/etc/pve/storage.cfg': `${type}: tank\n\tcontent rootdir\n`, ...files })
  made.containers.set('900', {
    status: running ? 'running' : 'stopped',
    config,
    pid: running ? 7 : undefined,
  })
  return made
}

const base = { ctid: 900, hostname: 'web', name: 'before' }
const look = (given: Readonly<Record<string, unknown>>, of: FakeWorld): Promise<Plan> =>
  planOnce(pveContainerSnapshot, { ...base, ...given }, of)
const labels = ({ actions }: Plan): readonly (string | undefined)[] =>
  actions.map((action) => action.label ?? ('verb' in action ? action.verb : action.kind))
const commandOf = ({ actions }: Plan, index = 0): string => {
  const action = actions[index]
  assert.ok(action?.kind === 'run')
  return action.argv.join(' ')
}

describe('a snapshot', () => {
  test('is taken once, with the configuration that Proxmox then writes', async () => {
    const of = world(`lxc.apparmor.profile: unconfined\n${settings(1024)}unused0: tank:subvol-900-disk-1\n`)
    const plan = await look({ description: 'before the upgrade' }, of)
    assert.equal(commandOf(plan), 'pct snapshot 900 before --description before the upgrade')
    const { report } = await converge(pveContainerSnapshot, { ...base, description: 'x' }, of)
    assert.deepEqual(report, { ctid: '900', snapshots: ['before'] })
    assert.equal(
      of.containers.get('900')?.config,
      `hostname: web\nmemory: 1024\nparent: before\nrootfs: tank:subvol-900-disk-0,size=8G
unused0: tank:subvol-900-disk-1\nlxc.apparmor.profile: unconfined

[before]
#x\nhostname: web\nmemory: 1024\nrootfs: tank:subvol-900-disk-0,size=8G\nsnaptime: 0
lxc.apparmor.profile: unconfined\n`,
    )
  })

  test('is refused for a storage without snapshots, and for a template', async () => {
    for (const type of ['dir', 'nfs', 'lvm']) {
      const { refusal } = await look({}, world(settings(512), { type }))
      assert.equal(refusal?.code, 'no-snapshots', type)
    }
    const { refusal } = await look({}, world(`${settings(512)}mp0: /srv/x,mp=/x\n`))
    assert.match(refusal?.message ?? '', /because of mp0: \/srv\/x/)
    assert.equal((await look({}, world(`${settings(512)}template: 1\n`))).refusal?.code, 'is-template')
    assert.equal((await look({}, world(settings(512), { type: 'rbd' }))).actions.length, 1)
  })

  test('that an interrupted run left incomplete is taken again, but not while Proxmox is at work', async () => {
    const half = `lock: snapshot\n${settings(1024)}${snapshot('before', time, 'snapstate: prepare\n')}`
    const plan = await look({}, world(half))
    assert.equal(
      commandOf(plan),
      'sh -c pct unlock 900 && pct delsnapshot 900 before --force 1 && pct snapshot 900 before',
    )
    const files = {
      '/var/log/pve/tasks/active': 'UPID:pve1:00000007:00000063:65A00000:vzsnapshot:900:root@pam: 0\n',
      '/proc/7/stat': `7 (task) ${Array.from({ length: 19 }, () => '0').join(' ')} 99\n`,
    }
    const waits = await look({ copy_timeout: 1800, lock_timeout: 5 }, world(half, { files }))
    assert.match(waits.settle?.why ?? '', /vzsnapshot/)
    assert.equal(waits.settle?.timeout, 1800, 'as long as for a snapshot of its own')
    const other = await look({ name: 'another' }, world(half))
    assert.match(other.settle?.why ?? '', /lock: snapshot/)
  })

  test('is taken again if that is wanted and its description differs', async () => {
    const of = world(
      `${settings(1024)}parent: before\n\n[before]\n#driver 570\n${settings(512)}snaptime: ${time}\n`,
    )
    const wanted = { description: 'driver 580', renew: true }
    assert.deepEqual((await look({ description: 'driver 580' }, of)).actions, [])
    assert.deepEqual((await look({ description: 'driver 570', renew: true }, of)).actions, [])
    const plan = await look(wanted, of)
    assert.deepEqual(labels(plan), [
      'take the snapshot before of container 900 again: it is described as "driver 570"',
    ])
    assert.match(
      commandOf(plan),
      /^sh -c pct delsnapshot 900 before && pct snapshot 900 before --description 'driver 580'$/,
    )
    await converge(pveContainerSnapshot, { ...base, ...wanted }, of)
    assert.match(of.containers.get('900')?.config ?? '', /\[before\]\n#driver 580\n[^[]*memory: 1024$/m)
  })

  test('is deleted, and its successors get its parent', async () => {
    const of = world(
      `${settings(1024)}parent: after\n${snapshot('after', time + 1, 'parent: before\n')}${snapshot('before', time, 'parent: first\n')}`,
    )
    const run = await converge(pveContainerSnapshot, { ...base, state: 'absent' }, of)
    assert.equal(run.actions.length, 1)
    assert.match(of.containers.get('900')?.config ?? '', /^\[after\]\n[^[]*^parent: first$/m)
    assert.deepEqual((await look({ state: 'absent', name: 'nosuch' }, of)).actions, [])
  })

  test('belongs to a container of the declared name', async () => {
    for (const state of ['present', 'absent', 'rollback'])
      assert.equal((await look({ state, hostname: 'db' }, world(taken))).refusal?.code, 'other-container')
    for (const state of ['absent', 'rollback'])
      assert.equal(
        (await look({ state, hostname: undefined }, world(taken))).refusal?.code,
        'hostname-missing',
      )
    assert.equal((await look({ ctid: 901 }, world(taken))).refusal?.code, 'container-missing')
  })
})

describe('a rollback', () => {
  const roll = { state: 'rollback' }
  const key = `before ${time}`

  test('says what is lost, and shows the settings that change', async () => {
    const config = `${settings(1024)}mp0: tank:subvol-900-disk-1,mp=/a\nmp1: /srv/x,mp=/x\nparent: before\n
[pve:pending]\ncores: 2\n${snapshot('after', time + 60)}${snapshot('before', time)}`
    const plan = await look(roll, world(config, { type: 'lvmthin' }))
    assert.deepEqual(labels(plan), ['roll container 900 back to the snapshot before'])
    assert.deepEqual(plan.warnings, [
      'the rollback of container 900 to before discards everything that was written to rootfs since 2023-11-14 22:13:20 UTC',
      'the snapshot has no mp0: these volumes stay, as unused volumes of container 900',
      'the rollback does not change /srv/x of the node',
      'its pending changes are discarded: cores',
      'later snapshots stay: after',
    ])
    const [diff] = (await look(roll, world(taken))).diffs
    assert.match(diff?.before ?? '', /^memory: 1024$/m)
    assert.match(diff?.after ?? '', /^hostname: web\nmemory: 512\nparent: before\n/)
  })

  test('stops a container that runs, and starts it again', async () => {
    assert.deepEqual(labels(await look(roll, world(taken, { running: true }))), [
      'shutdown',
      'roll container 900 back to the snapshot before',
      'start',
    ])
  })

  test('is carried out once for each request', async () => {
    const after = (text: string): FakeWorld => world(taken, { files: { [record]: text } })
    assert.deepEqual((await look(roll, after(`begun ${key}\ndone ${key}\n`))).actions, [])
    assert.equal((await look({ ...roll, request: '2' }, after(`done ${key}\n`))).actions.length, 1)
    assert.deepEqual(
      (await look({ ...roll, request: '2' }, after(`done ${key} 2\ndone ${key}\n`))).actions,
      [],
    )
    assert.equal((await look(roll, after(`done ${key} 2\n`))).actions.length, 1)
    assert.equal((await look(roll, after(`begun ${key}\nfailed ${key}\n`))).actions.length, 1)
    // Another snapshot of the same name.
    assert.equal((await look(roll, after(`done before ${time - 1}\n`))).actions.length, 1)
  })

  test('that was interrupted in the middle is finished, and one of unknown end is left to the user', async () => {
    const locked = `lock: rollback\n${taken}`
    const plan = await look(roll, world(locked, { files: { [record]: `begun ${key}\n` } }))
    assert.match(commandOf(plan), /\npct unlock "\$id" \|\| exit\npct rollback/)
    assert.equal((await look(roll, world(locked))).refusal?.code, 'foreign-rollback')
    const unclear = await look(roll, world(taken, { files: { [record]: `begun ${key}\n` } }))
    assert.equal(unclear.refusal?.code, 'rollback-unclear')
  })

  test('is refused without the snapshot, to an incomplete one, past later ones of ZFS, and for HA', async () => {
    const code = async (config: string, more: Given = {}): Promise<string | undefined> =>
      (await look(roll, world(config, more))).refusal?.code
    assert.equal(await code(settings(512)), 'snapshot-missing')
    assert.equal(
      await code(`${settings(512)}${snapshot('before', time, 'snapstate: delete\n')}`),
      'snapshot-incomplete',
    )
    assert.equal(await code(`${taken}${snapshot('after', time + 1)}`), 'not-last-snapshot')
    const files = { '/etc/pve/ha/resources.cfg': 'ct: 900\n\tstate started\n' }
    assert.equal(await code(taken, { files }), 'managed-by-ha')
  })
})
