import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { converge } from '../testing/converge.ts'
import { makeParents } from '../testing/fake-host.ts'
import { pveContainer } from './module.ts'
import { archive, labels, look, scriptOf, web, world } from './testing/container-world.ts'

describe('a container that exists', () => {
  test('is never changed under another name', async () => {
    for (const state of ['present', 'started', 'stopped', 'template', 'absent']) {
      const plan = await look(
        { hostname: 'db', state, memory: 1024, force: true },
        world({ config: web, running: true }),
      )
      assert.deepEqual(plan.actions, [])
      assert.equal(plan.refusal?.code, 'other-container')
    }
  })

  test('as declared needs nothing', async () => {
    const given = { ostemplate: archive, memory: 512, swap: 512, onboot: false, unprivileged: true }
    assert.deepEqual((await look(given, world({ config: web }))).actions, [])
    assert.deepEqual((await look({ state: 'started' }, world({ config: web, running: true }))).actions, [])
    assert.deepEqual((await look({ state: 'stopped' }, world({ config: web }))).actions, [])
    assert.deepEqual(
      (await look({ state: 'template' }, world({ config: `${web}template: 1\n` }))).actions,
      [],
    )
  })

  test('gets other settings, predicted as Proxmox writes them, and keeps what a network interface has', async () => {
    const net = 'net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=dhcp,type=veth\n'
    const of = world({ config: `${web}${net}` })
    const plan = await look({ memory: 2048, onboot: true, net: { net0: 'name=eth0,ip=192.0.2.9/24' } }, of)
    assert.deepEqual(labels(plan), [
      'set memory to 2048, onboot to 1, net0 to name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=192.0.2.9/24,type=veth of container 900',
    ])
    const run = await converge(pveContainer, { ctid: 900, hostname: 'web', memory: 2048 }, of)
    assert.equal(run.actions.length, 1)
    assert.match(of.containers.get('900')?.config ?? '', /^memory: 2048$/m)
  })

  test('gets features, and keeps others', async () => {
    const of = world({ config: `features: fuse=1,nesting=0\n${web}` })
    assert.deepEqual(labels(await look({ features: ['keyctl', 'nesting'] }, of)), [
      'set features to fuse=1,nesting=1,keyctl=1 of container 900',
    ])
    const has = world({ config: `features: keyctl=1,nesting=1\n${web}` })
    assert.deepEqual((await look({ features: ['nesting'] }, has)).actions, [])
    const created = await look({ ostemplate: archive, features: ['nesting'] }, world())
    assert.match(scriptOf(created), / --features nesting=1 /)
  })

  test('tells its complete snapshots with their descriptions', async () => {
    const config = `${web}\n[half]\n#x\n${web}snapstate: prepare\n\n[one]\n#driver 580%3A\n${web}snaptime: 1\n`
    const { report } = await converge(pveContainer, { ctid: 900 }, world({ config }))
    assert.deepEqual(report['snapshots'], ['one'])
    assert.deepEqual(report['descriptions'], { one: 'driver 580:' })
  })

  test('has pending changes counted as made', async () => {
    const config = `${web}\n[pve:pending]\nmemory: 2048\n`
    assert.deepEqual((await look({ memory: 2048 }, world({ config, running: true }))).actions, [])
    assert.equal((await look({ memory: 512 }, world({ config, running: true }))).actions.length, 1)
  })

  test('is started and stopped', async () => {
    const of = world({ config: web })
    await converge(pveContainer, { ctid: 900, hostname: 'web', state: 'started' }, of)
    assert.equal(of.containers.get('900')?.status, 'running')
    const run = await converge(pveContainer, { ctid: 900, hostname: 'web', state: 'stopped' }, of)
    assert.equal(of.containers.get('900')?.status, 'stopped')
    assert.deepEqual(
      run.actions.map((action) => action.kind === 'containerPower' && action.verb),
      ['stop'],
    )
  })

  test('is left to HA, and waited for while it is locked', async () => {
    const ha = { '/etc/pve/ha/resources.cfg': 'ct: 900\n\tstate started\n' }
    assert.equal(
      (await look({ state: 'started' }, world({ config: web, files: ha }))).refusal?.code,
      'managed-by-ha',
    )
    assert.equal(
      (await look({ state: 'stopped' }, world({ config: web, files: ha, running: true }))).refusal?.code,
      'managed-by-ha',
    )
    assert.equal(
      (await look({ state: 'absent' }, world({ config: web, files: ha }))).refusal?.code,
      'managed-by-ha',
    )
    // Proxmox refuses to destroy a container that HA ignores too, unless it may purge it there.
    const ignored = { '/etc/pve/ha/resources.cfg': 'ct: 900\n\tstate ignored\n' }
    const of = world({ config: web, files: ignored })
    assert.equal((await look({ state: 'absent' }, of)).refusal?.code, 'managed-by-ha')
    assert.match(labels(await look({ state: 'absent', purge: true }, of))[0] ?? '', /^destroy/)
    const locked = world({ config: `lock: backup\n${web}` })
    assert.match((await look({ state: 'started' }, locked)).settle?.why ?? '', /lock: backup/)
    assert.equal((await look({}, locked)).settle, undefined)
  })

  test('becomes a template once it is shut down, unless its snapshots or storage forbid that', async () => {
    assert.deepEqual(labels(await look({ state: 'template' }, world({ config: web, running: true }))), [
      'stop',
      'convert container 900 to a template',
    ])
    const of = world({ config: web })
    const given = { ctid: 900, hostname: 'web', state: 'template', description: 'driver 580' }
    assert.deepEqual(labels(await look(given, of)).slice(1), [
      'note on the node what is in template 900',
      'convert container 900 to a template',
    ])
    makeParents(of, '/var/lib/gpuplay/v1/templates')
    of.program = () => {
      of.containers.set('900', { status: 'stopped', config: `${web}template: 1\n`, pid: undefined })
      return { code: 0, stdout: '', stderr: '' }
    }
    const { report } = await converge(pveContainer, given, of)
    assert.equal(report?.['description'], 'driver 580')
    const code = async (config: string): Promise<string | undefined> =>
      (await look({ state: 'template' }, world({ config }))).refusal?.code
    assert.equal(await code(`${web}\n[one]\n${web}snaptime: 1\n`), 'has-snapshots')
    assert.equal(await code(`${web}mp0: /srv/data,mp=/data\n`), 'not-convertible')
    const lvm = world({ config: web, files: { '/etc/pve/storage.cfg': 'lvm: tank\n\tcontent rootdir\n' } })
    assert.equal((await look({ state: 'template' }, lvm)).refusal?.code, 'not-convertible')
  })

  test('that is a template cannot start, and a privileged one cannot become unprivileged', async () => {
    const template = world({ config: `${web}template: 1\n` })
    assert.equal((await look({ state: 'started' }, template)).refusal?.code, 'template-cannot-start')
    assert.equal(
      (await look({ unprivileged: false }, world({ config: web }))).refusal?.code,
      'other-privilege',
    )
  })
})
