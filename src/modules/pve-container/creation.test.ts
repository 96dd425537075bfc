import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { converge } from '../testing/converge.ts'
import { makeParents } from '../testing/fake-host.ts'
import { pveContainer } from './module.ts'
import {
  archive,
  labels,
  look,
  record,
  runningTask,
  scriptOf,
  web,
  world,
  zfs,
} from './testing/container-world.ts'

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

  test('does not get lines that it must not have: they are removed before its first start', async () => {
    const gpu = 'dev0: mode=0666,path=/dev/nvidia0\n'
    const kept = 'dev1: /dev/fuse\n'
    const given = { without: ['^dev\\d+: /dev/nvidia'], state: 'started', memory: 1024 }
    const plan = await clone(given, `${base}${gpu}${kept}`)
    assert.deepEqual(labels(plan), ['clone container 901 to 900 (web)'])
    assert.notEqual(plan.stage, undefined)
    const rest = ['set memory to 1024 of container 900', 'start', 'delete the record of its creation']
    assert.deepEqual(labels(await clone(given, `${base}${kept}`)).slice(1), rest)
    const files = { [record]: 'hostname web\nsource 901\nstorages tank\n' }
    const of = world({ config: `${web}${gpu}${kept}`, files })
    makeParents(of, '/etc/pve/lxc/900.conf')
    const next = await look({ clone: 901, ...given }, of)
    assert.deepEqual(labels(next), ['change the configuration of container 900'])
    const run = await converge(pveContainer, { ctid: 900, hostname: 'web', clone: 901, ...given }, of)
    assert.deepEqual(
      run.actions.map((action) => action.label ?? ('verb' in action ? action.verb : action.kind)).slice(1),
      rest,
    )
    assert.match(of.containers.get('900')?.config ?? '', /^(?!.*nvidia).*dev1: \/dev\/fuse/s)
    // A container of the user's own keeps its lines.
    const own = await look({ clone: 901, ...given, only_create: true }, world({ config: `${web}${gpu}` }))
    assert.deepEqual(own.actions, [])
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

  test('waits for another clone of its source as long as for its own, and for anything else only shortly', async () => {
    const waits = async (lock: string, task: string): Promise<Plan['settle']> => {
      const files = runningTask(task, 901)
      const of = world({ others: { 901: `lock: ${lock}\n${base}` }, files })
      return (await look({ clone: 901, copy_timeout: 1800, lock_timeout: 5 }, of)).settle
    }
    assert.deepEqual(await waits('disk', 'vzclone'), {
      why: 'Proxmox is still working on container 901 (vzclone)',
      timeout: 1800,
      hint: 'run again when the task has finished; the node shows its log',
    })
    assert.equal((await waits('backup', 'vzdump'))?.timeout, 5)
    // The lock of a task that was killed: no task runs.
    const stale = await waits('disk', 'vncproxy')
    assert.equal(stale?.timeout, 5)
    assert.match(stale.hint ?? '', /pct unlock 901/)
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
