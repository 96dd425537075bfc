/** `plugin: proxmox` over SSH: pvesh of a lab's cluster through real sshd, and runs on what it lists. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { gpuplay } from '../whole/support/gpuplay.ts'

const members = ['pve1', 'pve2']

describe('a cluster that is asked with pvesh', { skip: whyNoLab() ?? false, timeout: 300_000 }, () => {
  const name = `clusters-${process.pid}`
  let lab: Lab
  let folder: string

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 2,
      containers: 1,
      adjust: (node) => ({ ...node, cluster: { name: 'lab', members, shared: true } }),
    })
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-clusters-'))
    mkdirSync(join(folder, 'host_vars'))
    for (const node of members)
      writeFileSync(join(folder, 'host_vars', `${node}.yml`), `address: ${lab.node(node).spec.address}\n`)
    const mount = 'lxc.mount.entry: /dev/nvidia0 dev/nvidia0 none bind,optional,create=file'
    await lab.node('pve1').output(`pct set 101 --tags 'gpu;lab' && echo '${mount}' >>/etc/pve/lxc/101.conf`)
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await Lab.down(name)
  })

  function source(more = 'user: root\n'): string {
    const { address } = lab.node('pve1').spec
    const path = join(folder, 'cluster.yml')
    writeFileSync(
      path,
      `plugin: proxmox\naddress: ${address}\nprivate_key: ${lab.privateKey}\nknown_hosts: ${lab.knownHosts}\n${more}`,
    )
    return path
  }

  it('is an inventory of all its nodes and containers', async () => {
    const { exitCode, text } = await gpuplay(['inventory', '--list', '-i', source()], { output: 'plain' })
    assert.equal(exitCode, 0, text)
    const { _meta, ...groups } = JSON.parse(text)
    assert.deepEqual(groups.proxmox_nodes, { hosts: members })
    assert.deepEqual(groups.proxmox_gpu_nodes, { hosts: members })
    assert.deepEqual(groups.proxmox_gpu_containers, { hosts: ['ct101'] })
    assert.deepEqual(groups.proxmox_tag_lab, { hosts: ['ct101'] })
    assert.deepEqual(groups.proxmox_pve2_lxc, { hosts: ['ct201'] })
    const { node, ctid, proxmox_tags_parsed } = _meta.hostvars.ct101
    assert.deepEqual([node, ctid, proxmox_tags_parsed], ['pve1', 101, ['gpu', 'lab']])
    assert.equal(_meta.hostvars.pve2.pve_cluster, 'lab')
  })

  it('is what playbooks run on: containers through their nodes', async () => {
    const playbook = join(folder, 'names.yml')
    writeFileSync(
      playbook,
      `- hosts: proxmox_nodes:proxmox_pve1_lxc
  gather_facts: false
  tasks:
    - command: { cmd: hostname, reads: true }
      register: named
    - assert: { that: named.stdout == inventory_hostname }
`,
    )
    const { exitCode, text, events } = await gpuplay(['run', playbook, '-i', source()])
    assert.equal(exitCode, 0, text)
    const ended = events.flatMap((event) => (event.type === 'run.finished' ? Object.keys(event.hosts) : []))
    assert.deepEqual(ended, ['pve1', 'pve2', 'ct101'])
  })

  it('fails with the place and the cure', async () => {
    const refused = await gpuplay(['inventory', '--list', '-i', source('user: nobody\n')], {
      output: 'plain',
    })
    assert.equal(refused.exitCode, 2)
    assert.match(refused.text, /cluster\.yml:2:1: error: cannot ask the cluster: .*(refused|authentication)/)
    await lab.node('pve1').output('chmod -x /usr/bin/pvesh')
    const missing = await gpuplay(['inventory', '--list', '-i', source()], { output: 'plain' })
    await lab.node('pve1').output('chmod +x /usr/bin/pvesh')
    assert.equal(missing.exitCode, 2)
    assert.match(missing.text, /"pvesh get \/cluster\/status" failed on the node/)
  })
})
