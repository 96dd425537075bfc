/** `templates.yml` on a node with GPUs: templates 900 to 903, a clone that needs only its own GPU, and an upgrade. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { problemsOf } from './support/roles-play.ts'

const name = `templates-${process.pid}`
const archive = 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst'
const storages =
  'dir: local\\n\\tcontent vztmpl\\n\\nlvmthin: fast\\n\\tthinpool data\\n\\tvgname pve\\n\\tcontent rootdir\\n'

/** The templates of the notes that the project began with, and a clone. Addresses end in the CTID less 800. */
function guests(lab: Lab, version: string): string {
  const { prefix, internet } = lab.node('pve1').world.network
  const net = (ctid: number): string =>
    `lxc_container_net: { net0: "name=eth0,bridge=vmbr0,gw=${internet},ip=${internet.replace(/\d+$/, String(ctid - 800))}/${prefix}" }`
  const prepared = `lxc_container_snapshot: prepared-${version.replaceAll('.', '-')}`
  const common = `node: pve1, lxc_container_nameserver: ${internet}, lxc_container_full: false`
  return `all:
  children:
    template_base:
      hosts:
        base: { node: pve1, ctid: 900, lxc_container_archive: "${archive}", lxc_container_nameserver: ${internet}, ${net(900)} }
    template_derived:
      vars: { lxc_container_clone: 900, ${common}, ${prepared} }
      hosts:
        gpu: { ctid: 901, gpu_assignment: all, ${net(901)} }
        docker: { ctid: 902, container_runtime: docker, ${net(902)} }
    template_combined:
      vars: { lxc_container_clone: 901, ${common}, ${prepared} }
      hosts:
        both: { ctid: 903, gpu_assignment: all, container_runtime: docker, ${net(903)} }
    containers:
      hosts:
        web: { ctid: 910, lxc_container_clone: 903, ${common}, ${prepared}, gpu_assignment: "1", ${net(910)} }
`
}

describe('templates', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 0 })
    await node(`printf '${storages}' >/etc/pve/storage.cfg`)
  })
  after(() => Lab.down(name))

  const node = (command: string): Promise<string> => lab.node('pve1').output(command)

  /** All hosts of a run, one `-i` after the other. */
  function run(playbook: string, version: string, ...more: readonly string[]): Promise<Ended> {
    const file = join(lab.instance.stateDir, 'guests.yaml')
    writeFileSync(file, guests(lab, version))
    const words = ['run', `playbooks/${playbook}`, '-i', inventoryOf(lab), '-i', file]
    return gpuplay([...words, '-e', `nvidia_driver_version=${version}`, ...more], { deadline: 600_000 })
  }

  const changed = ({ events }: Ended): readonly string[] =>
    events.flatMap((event) =>
      event.type === 'task.finished' && event.outcome === 'changed'
        ? [`${event.host} ${event.task.name}`]
        : [],
    )

  const snapshots = (): Promise<string> => node('grep -H "^\\[" /etc/pve/lxc/90?.conf | sed "s#.*/##"')

  it('are made on an empty node, of which a dry run names what only the run can know', async () => {
    const nodes = await run('nodes.yml', '580.95.05', '-l', 'nodes')
    assert.equal(nodes.exitCode, 0, problemsOf(nodes))
    const check = await run('templates.yml', '580.95.05', '--check')
    assert.equal(check.exitCode, 0, problemsOf(check))
    assert.equal(await node('ls /etc/pve/lxc'), '')
    const real = await run('templates.yml', '580.95.05')
    assert.equal(real.exitCode, 0, problemsOf(real))
    assert.equal(
      await snapshots(),
      [900, 901, 902, 903].map((ctid) => `${ctid}.conf:[prepared-580-95-05]\n`).join(''),
    )
    assert.doesNotMatch(await node('cat /etc/pve/lxc/*.conf'), /nvidia/)
    assert.deepEqual(changed(await run('templates.yml', '580.95.05')), [])
  })

  it('give a clone everything but its GPU, which it gets alone', async () => {
    const first = await run('containers.yml', '580.95.05')
    assert.equal(first.exitCode, 0, problemsOf(first))
    const slow = changed(first).filter((label) => /Install|apt|toolkit/i.test(label))
    assert.deepEqual(slow, [], 'nothing is installed in the clone')
    assert.match(await node('pct exec 910 -- nvidia-smi -L'), /^GPU 0: [^\n]*\n$/)
    assert.match(
      await node('pct exec 910 -- sh -c "ls /dev/nvidia1; command -v docker"'),
      /nvidia1\n.*docker/,
    )
    assert.deepEqual(changed(await run('containers.yml', '580.95.05')), [])
  })

  it('are prepared again after an upgrade of the node', async () => {
    const nodes = await run('nodes.yml', '590.48.01', '-l', 'nodes')
    assert.equal(nodes.exitCode, 0, problemsOf(nodes))
    const real = await run('templates.yml', '590.48.01')
    assert.equal(real.exitCode, 0, problemsOf(real))
    assert.match(await snapshots(), /901\.conf:\[prepared-580-95-05\]\n901\.conf:\[prepared-590-48-01\]\n/)
    assert.match(await node('pct config 901 --snapshot prepared-590-48-01'), /hostname: gpu/)
  })
})
