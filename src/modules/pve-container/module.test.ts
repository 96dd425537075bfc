import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { converge, planOnce } from '../testing/converge.ts'
import { type FakeWorld, fakeWorld } from '../testing/fake-host.ts'
import { pveContainer } from './module.ts'

const archive = 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst'
const zfs = 'zfspool: tank\n\tpool rpool/data\n\tcontent rootdir,images\n'
const local = 'dir: local\n\tpath /var/lib/vz\n\tcontent vztmpl,iso\n'
const web =
  'arch: amd64\nhostname: web\nmemory: 512\nrootfs: tank:subvol-900-disk-0,size=8G\nswap: 512\nunprivileged: 1\n'
const record = '/var/lib/gpuplay/v1/containers-being-made/900'

interface Given {
  readonly config?: string
  readonly running?: boolean
  /** Other containers of the node. */
  readonly others?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

function world({ config, running = false, others = {}, files = {} }: Given = {}): FakeWorld {
  const made = fakeWorld({
    '/etc/pve/storage.cfg': `${local}\n${zfs}`,
    '/var/lib/vz/template/cache/debian-12-standard_12.7-1_amd64.tar.zst': 'an archive',
    ...files,
  })
  const status = running ? 'running' : 'stopped'
  if (config !== undefined) made.containers.set('900', { status, config, pid: running ? 7 : undefined })
  for (const [ctid, text] of Object.entries(others))
    made.containers.set(ctid, { status: 'stopped', config: text, pid: undefined })
  return made
}

const look = (given: Readonly<Record<string, unknown>>, of: FakeWorld): Promise<Plan> =>
  planOnce(pveContainer, { ctid: 900, hostname: 'web', ...given }, of)

const labels = ({ actions }: Plan): readonly (string | undefined)[] =>
  actions.map((action) => action.label ?? ('verb' in action ? action.verb : action.kind))

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

  test('waits for a lock of its source', async () => {
    assert.match((await clone({}, `lock: backup\n${base}`)).settle?.why ?? '', /lock: backup/)
  })
})

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

  test('of somebody else is waited for and never removed', async () => {
    for (const state of ['present', 'absent', 'started']) {
      const plan = await look({ ostemplate: archive, state }, world({ config: 'lock: create\n' }))
      assert.deepEqual(plan.actions, [])
      assert.match(plan.settle?.why ?? '', /lock: create/)
    }
  })

  test('is waited for while Proxmox still works on it, or on its source', async () => {
    const files = {
      [record]: rest,
      '/var/log/pve/tasks/active': 'UPID:pve1:00000007:00000063:65A00000:vzclone:901:root@pam: 0\n',
      '/proc/7/stat': `7 (task) ${Array.from({ length: 19 }, () => '0').join(' ')} 99 0\n`.replace(
        '0 99',
        '99 99',
      ),
    }
    const plan = await look({ ostemplate: archive }, world({ config: 'lock: create\n', files }))
    assert.deepEqual(plan.actions, [])
    assert.match(plan.settle?.why ?? '', /vzclone/)
  })

  test('that is complete only loses its record', async () => {
    const plan = await look({ ostemplate: archive }, world({ config: web, files: { [record]: rest } }))
    assert.deepEqual(labels(plan), ['delete the record of its creation'])
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
      (await look({ state: 'absent' }, world({ config: web, files: ha }))).refusal?.code,
      'managed-by-ha',
    )
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
