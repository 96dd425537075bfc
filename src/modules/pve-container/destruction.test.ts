import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { converge } from '../testing/converge.ts'
import type { FakeWorld } from '../testing/fake-host.ts'
import { pveContainer } from './module.ts'
import { archive, labels, look, record, web, world, runningTask } from './testing/container-world.ts'

describe('a half-made container', () => {
  const rest = 'hostname web\nsource 901\nstorages tank\nvolume tank:subvol-900-disk-7\n'

  test('of an interrupted run is removed and created again', async () => {
    const plan = await look(
      { ostemplate: archive },
      world({ config: 'lock: create\n', files: { [record]: rest } }),
    )
    assert.deepEqual(labels(plan), [
      'remove the half-made container 900 that an interrupted run left',
      `create container 900 (web) from ${archive} on tank`,
    ])
    const gone = await look({ ostemplate: archive }, world({ files: { [record]: rest } }))
    assert.equal(gone.actions.length, 2)
    const absent = await look(
      { state: 'absent' },
      world({ config: 'lock: create\n', files: { [record]: rest } }),
    )
    assert.equal(absent.actions.length, 1)
  })

  test('is not removed if the cluster has another guest with its number', async () => {
    for (const place of ['pve2/lxc', 'pve1/qemu-server'])
      for (const given of [{ state: 'absent' }, { ostemplate: archive }]) {
        const files = { [record]: rest, [`/etc/pve/nodes/${place}/900.conf`]: '' }
        const plan = await look(given, world({ files }))
        assert.deepEqual(plan.actions, [])
        assert.equal(plan.refusal?.code, 'ctid-taken')
      }
  })

  test('of somebody else is waited for and never removed', async () => {
    for (const state of ['present', 'absent', 'started']) {
      const plan = await look({ ostemplate: archive, state }, world({ config: 'lock: create\n' }))
      assert.deepEqual(plan.actions, [])
      assert.match(plan.settle?.why ?? '', /lock: create/)
    }
  })

  test('is waited for while Proxmox still works on it, or on its source', async () => {
    const files = { [record]: rest, ...runningTask('vzclone', 901) }
    for (const state of ['present', 'absent']) {
      const given = { ostemplate: archive, copy_timeout: 1800, lock_timeout: 5, state }
      const plan = await look(given, world({ config: 'lock: create\n', files }))
      assert.deepEqual(plan.actions, [])
      assert.equal(plan.settle?.why, 'Proxmox is still working on container 900 (vzclone)')
      assert.equal(plan.settle?.timeout, 1800, 'as long as for a copy of its own')
    }
  })

  test('that is complete only loses its record', async () => {
    const plan = await look({ ostemplate: archive }, world({ config: web, files: { [record]: rest } }))
    assert.deepEqual(labels(plan), ['delete the record of its creation'])
  })
})

describe('destroying', () => {
  test('says what is lost, takes the notes with it, and converges', async () => {
    const note = '/var/lib/gpuplay/v1/assignments/900'
    const config = `${web}mp0: tank:subvol-900-disk-1,mp=/data\nmp1: /srv/x,mp=/x\n\n[one]\n${web}snaptime: 1\n`
    const of = world({ config, files: { [note]: 'gpu 0000:01:00.0 0 GPU-x\n' } })
    const plan = await look({ state: 'absent' }, of)
    assert.deepEqual(labels(plan), [
      'destroy container 900 (web) with tank:subvol-900-disk-0, tank:subvol-900-disk-1, the snapshot one',
      'remove',
    ])
    await converge(pveContainer, { ctid: 900, hostname: 'web', state: 'absent' }, of)
    assert.equal(of.containers.get('900'), undefined)
    assert.equal(of.files.has(note), false)
  })

  test('takes the record of a creation with it if only the first start was missing', async () => {
    const of = world({ config: web, files: { [record]: 'hostname web\nsource 901\n' } })
    const plan = await look({ state: 'absent' }, of)
    assert.deepEqual(labels(plan), ['destroy container 900 (web) with tank:subvol-900-disk-0', 'remove'])
    await converge(pveContainer, { ctid: 900, hostname: 'web', state: 'absent' }, of)
    assert.equal(of.containers.get('900'), undefined)
    assert.equal(of.files.has(record), false)
    const files = { [record]: 'hostname web\n' }
    const kept = await look({ state: 'absent' }, world({ config: `${web}protection: 1\n`, files }))
    assert.equal(kept.refusal?.code, 'protected')
  })

  test('expects the configuration as it was when it was planned', async () => {
    const plan = await look({ state: 'absent' }, world({ config: web }))
    const paths = plan.actions[0]?.effects?.map((effect) => effect.kind === 'file' && effect.name)
    assert.ok(paths?.includes('/etc/pve/lxc/900.conf'))
  })

  test('is refused for a protected, running, unnamed or shared one', async () => {
    const code = async (
      given: Readonly<Record<string, unknown>>,
      of: FakeWorld,
    ): Promise<string | undefined> => {
      const plan = await look({ state: 'absent', ...given }, of)
      assert.deepEqual(plan.actions, [])
      return plan.refusal?.code
    }
    assert.equal(await code({ force: true }, world({ config: `${web}protection: 1\n` })), 'protected')
    assert.equal(await code({}, world({ config: web, running: true })), 'container-runs')
    assert.equal(await code({ hostname: undefined }, world({ config: web })), 'hostname-missing')
    const linked = world({
      config: `${web.replace('subvol', 'basevol')}template: 1\n`,
      files: { '/etc/pve/nodes/pve1/lxc/901.conf': 'rootfs: tank:basevol-900-disk-0/subvol-901-disk-0\n' },
    })
    assert.equal(await code({ force: true }, linked), 'has-linked-clones')
  })

  test('stops a running one if that is forced', async () => {
    const plan = await look({ state: 'absent', force: true }, world({ config: web, running: true }))
    assert.equal(labels(plan)[0], 'stop')
    assert.equal(plan.actions.length, 2)
  })

  test('is finished if only the configuration is left, which no other state accepts', async () => {
    const of = (): FakeWorld => world({ config: 'lock: destroyed\n' })
    const plan = await look({ state: 'absent' }, of())
    assert.match(labels(plan)[0] ?? '', /^finish destroying container 900/)
    assert.equal((await look({ hostname: undefined }, of())).refusal?.code, 'half-destroyed')
  })
})
