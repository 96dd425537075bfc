import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { converge } from '../testing/converge.ts'
import { pveContainer } from './module.ts'
import { archive, labels, look, record, web, world, zfs } from './testing/container-world.ts'

/** The script of the action. */
function scriptOf({ actions }: Plan, index = 0): string {
  const action = actions[index]
  assert.ok(action?.kind === 'run')
  return action.argv.at(-1) ?? ''
}

describe('a container that does not exist', () => {
  test('is created from an archive, locked until it is complete', async () => {
    const plan = await look(
      { ostemplate: archive, memory: 1024, net: { net0: 'name=eth0,ip=dhcp' } },
      world(),
    )
    assert.deepEqual(labels(plan), [`create container 900 (web) from ${archive} on tank`])
    const [create] = plan.actions
    assert.ok(create?.kind === 'run' && create.on === 'node' && create.detached)
    assert.match(
      scriptOf(plan),
      /\npct create 900 \S+zst --hostname web --rootfs tank:8 --unprivileged 1 --memory 1024 --net0 \S+ --lock create \|\|/,
    )
    assert.ok(create.effects?.some((effect) => effect.kind === 'container' && effect.becomes.exists === true))
  })

  test('is refused without a name, an origin, an archive or a storage, and with two origins', async () => {
    const codes = async (
      given: Readonly<Record<string, unknown>>,
      of = world(),
    ): Promise<string | undefined> => {
      const plan = await look(given, of)
      assert.deepEqual(plan.actions, [])
      return plan.refusal?.code
    }
    assert.equal(await codes({ hostname: undefined, ostemplate: archive }), 'hostname-missing')
    assert.equal(await codes({}), 'container-missing')
    assert.equal(await codes({ ostemplate: archive, clone: 901 }), 'two-origins')
    assert.equal(await codes({ ostemplate: 'local:vztmpl/other.tar.zst' }), 'archive-missing')
    assert.equal(await codes({ ostemplate: archive, storage: 'nowhere' }), 'no-storage')
    assert.equal(await codes({ ostemplate: archive, storage: 'local' }), 'no-storage')
    const several = world({ files: { '/etc/pve/storage.cfg': `${zfs}\nlvmthin: fast\n\tcontent rootdir\n` } })
    assert.equal(await codes({ ostemplate: archive }, several), 'no-storage')
    assert.equal(await codes({ ctid: 99 }), 'invalid-ctid')
  })

  test('is refused if the cluster has another guest with this number', async () => {
    const taken = world({ files: { '/etc/pve/nodes/pve2/qemu-server/900.conf': 'name: db\n' } })
    const { refusal } = await look({ ostemplate: archive }, taken)
    assert.equal(refusal?.code, 'ctid-taken')
    assert.match(refusal.message, /900 is a virtual machine on pve2/)
    assert.equal((await look({ state: 'absent' }, taken)).refusal?.code, 'ctid-taken')
  })

  test('is started, or converted to a template, in the same run', async () => {
    assert.deepEqual(labels(await look({ ostemplate: archive, state: 'started' }, world())).slice(1), [
      'start',
    ])
    assert.deepEqual(labels(await look({ ostemplate: archive, state: 'template' }, world())).slice(1), [
      'convert container 900 to a template',
    ])
  })

  test('is absent already', async () => {
    assert.deepEqual((await look({ state: 'absent' }, world())).actions, [])
  })
})

describe('a clone', () => {
  const base = web.replace('hostname: web', 'hostname: base').replaceAll('900', '901')
  const template = `${base}template: 1\n`
  const clone = (given: Readonly<Record<string, unknown>>, source: string): Promise<Plan> =>
    look({ clone: 901, ...given }, world({ others: { 901: source } }))

  test('shares the blocks of a template if the storage can, and gets its own settings', async () => {
    const plan = await clone({ memory: 1024, swap: 512, net: { net0: 'name=eth0' } }, template)
    assert.deepEqual(labels(plan), [
      'clone container 901 to 900 (web), sharing unchanged blocks',
      'set memory to 1024, net0 to name=eth0 of container 900',
    ])
    assert.match(scriptOf(plan), /\npct clone 901 900 --hostname web --full 0 \|\|/)
    // The clone gets a hardware address of its own.
    const wired = `${template}net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=dhcp,type=veth\n`
    assert.deepEqual(labels(await clone({ net: { net0: 'ip=192.0.2.9/24' } }, wired)).slice(1), [
      'set net0 to name=eth0,bridge=vmbr0,ip=192.0.2.9/24,type=veth of container 900',
    ])
    const thick = template.replace('tank:', 'local:')
    assert.match(scriptOf(await clone({}, thick)), /--full 1 \|\|/)
    assert.match(scriptOf(await clone({ storage: 'tank' }, template)), /--full 1 --storage tank \|\|/)
  })

  test('is a copy of a container or of its snapshot', async () => {
    assert.match(scriptOf(await clone({}, base)), /--full 1 \|\|/)
    const plan = await clone({ snapshot: 'ready' }, `${base}\n[ready]\n${base}snaptime: 1\n`)
    assert.deepEqual(labels(plan), ['clone container 901, snapshot ready to 900 (web)'])
    assert.match(scriptOf(plan), /--full 1 --snapname ready \|\|/)
  })

  test('is refused where Proxmox would fail in the middle', async () => {
    const code = async (
      given: Readonly<Record<string, unknown>>,
      source: string,
    ): Promise<string | undefined> => (await clone(given, source)).refusal?.code
    assert.equal(await code({ full: false }, base), 'not-linkable')
    assert.equal(await code({ full: false, storage: 'tank' }, template), 'not-linkable')
    assert.equal(await code({ full: false }, template.replace('tank:', 'local:')), 'not-linkable')
    assert.equal(await code({ snapshot: 'nosuch' }, base), 'snapshot-missing')
    assert.equal(await code({ clone: 902 }, base), 'container-missing')
    assert.equal(await code({}, `${base}mp0: /srv/data,mp=/data\n`), 'not-clonable')
    const running = world({ others: { 901: base } })
    running.containers.set('901', { status: 'running', config: base, pid: 7 })
    assert.equal((await look({ clone: 901 }, running)).refusal?.code, 'source-runs')
  })

  test('of a container that only the run creates may be made, and later tasks see it', async () => {
    const of = world()
    of.unknown.add('container:901')
    const plan = await look({ clone: 901, state: 'started' }, of)
    assert.match(plan.doubt?.why ?? '', /earlier task/)
    assert.deepEqual(labels(plan), ['clone container 901 to 900 (web)', 'start'])
    const effects = plan.actions[0]?.effects ?? []
    assert.ok(effects.some((effect) => effect.kind === 'container' && effect.becomes.exists === true))
  })

  test('waits for a lock of its source', async () => {
    assert.match((await clone({}, `lock: backup\n${base}`)).settle?.why ?? '', /lock: backup/)
  })
})

describe('a container that is only created', () => {
  const given = { ostemplate: archive, memory: 1024, state: 'started', only_create: true }

  test('is left as it is if it exists, but not taken for one of another name', async () => {
    const plan = await look({ ...given, unprivileged: false }, world({ config: web }))
    assert.deepEqual([plan.actions, plan.refusal], [[], undefined])
    assert.equal(
      (await look({ ...given, hostname: 'db' }, world({ config: web }))).refusal?.code,
      'other-container',
    )
  })

  test('gets its settings and starts, also if the run that created it was killed before', async () => {
    const whole = ['start', 'delete the record of its creation']
    assert.deepEqual(labels(await look(given, world())).slice(1), whole)
    assert.match(scriptOf(await look(given, world())), /\|\| exit;; esac\n:$/)
    const interrupted = { config: web, files: { [record]: 'hostname web\nstorages tank\n' } }
    assert.deepEqual(labels(await look(given, world(interrupted))), [
      'set memory to 1024 of container 900',
      ...whole,
    ])
  })
})

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
