/** Containers are created, cloned, restored and destroyed, and every interruption is made good by the next run. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { eventsOf } from '../whole/support/events.ts'
import { type Ended, gpuplay, start } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { problemsOf } from './support/roles-play.ts'

const name = `lifecycle-${process.pid}`
const archive = 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst'
const storages =
  'dir: local\n\tpath /var/lib/vz\n\tcontent vztmpl\n\nzfspool: tank\n\tpool rpool/data\n\tcontent rootdir\n'

describe('the life of a container', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 0 })
    await node(`printf '${storages.replaceAll('\n', '\\n').replaceAll('\t', '\\t')}' >/etc/pve/storage.cfg`)
    await lab.save('empty')
  })
  after(() => Lab.down(name))
  beforeEach(() => lab.restore('empty'))

  function node(command: string): Promise<string> {
    return lab.node('pve1').output(command)
  }

  /** The words that run these tasks on the containers 900 (`base`) and 901 (`web`), which the inventory has. */
  function words(tasks: string, hosts: 'base' | 'web' = 'base'): readonly string[] {
    const extra = join(lab.instance.stateDir, 'guests.yaml')
    writeFileSync(
      extra,
      'all: { children: { guests: { vars: { node: pve1 }, hosts: { base: { ctid: 900 }, web: { ctid: 901 } } } } }\n',
    )
    const playbook = join(lab.instance.stateDir, 'life.yml')
    writeFileSync(playbook, `- hosts: ${hosts}\n  gather_facts: false\n  tasks:\n${tasks}`)
    return ['run', playbook, '-i', inventoryOf(lab), '-i', extra]
  }

  const task = (module: string, args: string): string => `    - ${module}: { ${args} }\n`
  const create = task(
    'pve_container',
    `hostname: base, ostemplate: "${archive}", state: started, net: { net0: "name=eth0,bridge=vmbr0" }`,
  )
  const clone = task('pve_container', 'hostname: web, clone: 900, state: started, memory: 640')

  async function ran(all: readonly string[], ...more: readonly string[]): Promise<Ended> {
    const run = await gpuplay([...all, ...more])
    assert.equal(run.exitCode, 0, run.text.slice(-3000))
    return run
  }

  const changes = ({ events }: Ended): readonly string[] =>
    events.flatMap((event) =>
      event.type === 'task.finished' && event.outcome !== 'ok' ? [`${event.task.name} ${event.outcome}`] : [],
    )

  /** Configurations, volumes and records: everything that a container leaves on its node. */
  const left = (): Promise<string> =>
    node(
      'cd /; ls etc/pve/lxc var/lib/vz/images var/lib/gpuplay/v1/containers-being-made 2>/dev/null; pvesm list tank',
    )

  it('begins with a dry run that names what only the run can know, and changes nothing', async () => {
    const inside = '    - copy: { dest: /root/marker, content: x }\n'
    const all = words(create + inside)
    const before = await left()
    const check = await ran(all, '--check')
    assert.equal(await left(), before)
    assert.deepEqual(
      check.events.flatMap((event) => (event.type === 'task.finished' ? [event.outcome] : [])),
      ['changed', 'unknown'],
      check.text,
    )
    assert.match(check.text, /create container 900 \(base\) from/)
    assert.match(check.text, /only the run starts the container/)
    await ran(all)
    assert.equal(await node('pct exec 900 -- cat /root/marker'), 'x')
    assert.deepEqual(changes(await ran(all)), [])
  })

  it('includes clones of what a dry run would create', async () => {
    words(create)
    const inside = '    - copy: { dest: /root/marker, content: x }\n'
    const playbook = join(lab.instance.stateDir, 'chain.yml')
    const play = (hosts: string, tasks: string): string =>
      `- hosts: ${hosts}\n  gather_facts: false\n  tasks:\n${tasks}`
    writeFileSync(playbook, play('base', create) + play('web', clone + inside))
    const extra = join(lab.instance.stateDir, 'guests.yaml')
    const check = await ran(['run', playbook, '-i', inventoryOf(lab), '-i', extra], '--check')
    assert.deepEqual(
      check.events.flatMap((event) => (event.type === 'task.finished' ? [event.outcome] : [])),
      ['changed', 'unknown', 'unknown'],
      check.text,
    )
  })

  it('goes over a template to a clone that shares its blocks, and ends without a trace', async () => {
    await ran(words(create))
    await node('pct exec 900 -- sh -c "echo prepared >/root/prepared"')
    await ran(words(task('pve_container', 'hostname: base, state: template')))
    assert.match(
      await node('cat /etc/pve/lxc/900.conf'),
      /^rootfs: tank:basevol-900-disk-0,[^]*^template: 1$/m,
    )
    await ran(words(clone, 'web'))
    assert.match(
      await node('cat /etc/pve/lxc/901.conf'),
      /^hostname: web$[^]*basevol-900-disk-0\/subvol-901/m,
    )
    assert.equal(await node('pct exec 901 -- sh -c "hostname; cat /root/prepared"'), 'web\nprepared\n')
    assert.deepEqual(changes(await ran(words(clone, 'web'))), [])

    const gone = (host: 'base' | 'web', more = ''): readonly string[] =>
      words(task('pve_container', `hostname: ${host}, state: absent${more}`), host)
    assert.match(problemsOf(await gpuplay(gone('base'))), /share the blocks of template 900: 901/)
    assert.match(problemsOf(await gpuplay(gone('web'))), /container 901 is running/)
    await node('pct set 901 --protection 1')
    assert.match(problemsOf(await gpuplay(gone('web', ', force: true'))), /protected/)
    await node('pct set 901 --protection 0')
    await ran(gone('web', ', force: true'))
    await ran(gone('base'))
    assert.deepEqual(changes(await ran(gone('base'))), [])
    assert.doesNotMatch(await left(), /90[01]/)
    assert.equal(await node('ls /var/lib/lxc'), '')
  })

  it('waits for another clone of its source as long as for its own', async () => {
    await ran(words(create))
    await node(`pct stop 900; echo 20 >/etc/lab/pct-seconds
      setsid pct clone 900 902 --hostname other </dev/null >/dev/null 2>&1 &
      until grep -q '^lock: disk' /etc/pve/lxc/900.conf; do sleep 0.2; done; sleep 1; rm /etc/lab/pct-seconds`)
    const run = await ran(words(task('pve_container', 'hostname: web, clone: 900, lock_timeout: 1'), 'web'))
    assert.ok(
      eventsOf(run.events, 'task.progress').some(({ message }) =>
        /^waiting up to 3600 s: Proxmox is still working on container 900 \(vzclone\)$/.test(message),
      ),
      run.text,
    )
    assert.match(await node('pct list'), /^901 +stopped +web/m)
  })

  it('goes back to a snapshot once, with a warning of what is lost', async () => {
    const snapshot = (args: string): readonly string[] =>
      words(task('pve_container_snapshot', `hostname: base, name: before, ${args}`))
    await ran(words(create))
    await ran(snapshot('state: present'))
    await node('pct exec 900 -- sh -c "echo lost >/root/after"; pct set 900 --memory 700')
    const check = await ran(snapshot('state: rollback'), '--check')
    assert.match(check.text, /discards everything that was written to rootfs since/)
    assert.equal(await node('pct exec 900 -- cat /root/after'), 'lost\n')
    const run = await ran(snapshot('state: rollback'))
    assert.doesNotMatch(run.text, /differs|predicted/)
    assert.equal(
      await node('pct status 900; pct exec 900 -- ls /root/after 2>&1 || :').then((text) =>
        /running\n.*No such file/.test(text),
      ),
      true,
    )
    assert.doesNotMatch(await node('cat /etc/pve/lxc/900.conf'), /memory: 700/)
    await node('pct exec 900 -- sh -c "echo kept >/root/after"')
    assert.deepEqual(changes(await ran(snapshot('state: rollback'))), [])
    assert.equal(await node('pct exec 900 -- cat /root/after'), 'kept\n')
    await ran(snapshot('state: rollback, request: again'))
    assert.equal(await node('pct exec 900 -- sh -c "ls /root/after 2>/dev/null || echo gone"'), 'gone\n')
    await ran(snapshot('state: absent'))
    assert.doesNotMatch(await node('cat /etc/pve/lxc/900.conf'), /before/)
  })

  for (const [what, tasks, host, ctid] of [
    ['creation', create, 'base', 900],
    ['clone', clone, 'web', 901],
  ] as const) {
    it(`goes on if the controller is killed during a ${what}: the next run waits for it`, async () => {
      if (ctid === 901) await ran(words(create + task('pve_container', 'hostname: base, state: stopped')))
      await node('echo 6 >/etc/lab/pct-seconds')
      const run = await start(words(tasks, host))
      await node(`until grep -q '^lock: create' /etc/pve/lxc/${ctid}.conf 2>/dev/null; do sleep 0.1; done`)
      run.signal('SIGKILL')
      await run.ended
      await ran(words(tasks, host))
      assert.equal(
        await node(`pct status ${ctid}; grep -h ^lock /etc/pve/lxc/*.conf || :`),
        'status: running\n',
      )
      assert.equal(await node(`ls /var/lib/gpuplay/v1/containers-being-made`), '')
    })

    it(`goes on if pct itself is killed during a ${what}: the next run removes the rest`, async () => {
      if (ctid === 901) await ran(words(create + task('pve_container', 'hostname: base, state: stopped')))
      await node('echo 60 >/etc/lab/pct-seconds')
      const run = await start(words(tasks, host))
      await node(`until [ -d /var/lib/vz/images/${ctid} ]; do sleep 0.1; done`)
      run.signal('SIGKILL')
      await run.ended
      await node(
        `pkill -9 -f '[j]obs/container-'; pkill -9 -f '[g]p_volumes'; pkill -9 -f '[p]ct.js'; rm /etc/lab/pct-seconds`,
      )
      assert.match(await node(`cat /etc/pve/lxc/${ctid}.conf`), /^lock: create$/m)
      const next = await ran(words(tasks, host))
      assert.match(next.text, new RegExp(`remove the half-made container ${ctid}`))
      assert.equal(
        await node(`pct status ${ctid}; grep -h ^lock /etc/pve/lxc/*.conf || :`),
        'status: running\n',
      )
      assert.equal(await node(`ls /var/lib/gpuplay/v1/containers-being-made`), '')
      assert.deepEqual(changes(await ran(words(tasks, host))), [])
    })
  }
})
