/** Members of one cluster whose inventory does not say so. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { spans } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'

const name = `cluster-${process.pid}`
const nodes = ['pve1', 'pve2'] as const

const playbooks = {
  'reboot.yml': '- hosts: nodes\n  tasks:\n    - reboot: {}\n',
  'free.yml': `- hosts: nodes
  tasks:
    - nvidia_blacklist: {}
    - nvidia_node_reboot: { version: '580.95.05', purpose: free_cards, mode: auto }
`,
  'lost.yml':
    'all: { children: { containers: { hosts: { lost: { node: pve1, ctid: 105, gpu_assignment: "0" } } } } }\n',
}

describe('members of one cluster', { skip: whyNoLab() ?? false, timeout: 400_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: nodes.length,
      containers: 1,
      adjust: (node) => ({ ...node, cluster: { name: 'prod', members: ['pve1', 'pve2', 'pve3'] } }),
    })
    for (const [file, text] of Object.entries(playbooks))
      writeFileSync(join(lab.instance.stateDir, file), text)
  })
  after(() => Lab.down(name))

  function at(file: string): string {
    return join(lab.instance.stateDir, file)
  }

  function play(playbook: string, ...words: readonly string[]): Promise<Ended> {
    return gpuplay(['run', playbook, '-i', at('inventory.yaml'), ...words])
  }

  it('are refused in a dry run, with both names, if the inventory names another cluster', async () => {
    const wrong = ['--check', '-e', 'pve_cluster=lab']
    for (const playbook of ['playbooks/nodes.yml', 'playbooks/containers.yml']) {
      const run = await play(playbook, ...wrong)
      assert.equal(run.exitCode, 2, run.text)
      assert.match(run.text, /the inventory says pve_cluster: lab, but pve1 is in the cluster \\"prod\\"/)
    }
  })

  it('restart one at a time', async () => {
    const run = await play(at('reboot.yml'))
    assert.equal(run.exitCode, 0, run.text)
    const [first, second, ...others] = spans(run.events, 'reboot').toSorted((a, b) => a.from - b.from)
    assert.ok(first !== undefined && second !== undefined && others.length === 0)
    assert.notEqual(first.on, second.on)
    assert.ok(first.to <= second.from, JSON.stringify([first, second]))
  })

  it('count their votes again when it is their turn', async () => {
    const boots = await bootIds()
    const running = play(at('free.yml'))
    const [down, other] = await firstDown(boots)
    await lab.node(other).output('rm /etc/lab/quorate')
    const run = await running
    assert.equal(run.exitCode, 6, run.text)
    assert.match(run.text, /without this node, the cluster has 0 of the 2 votes that it needs/)
    const now = await bootIds()
    assert.notEqual(now[down], boots[down])
    assert.equal(now[other], boots[other])
    await lab.node(other).output(': >/etc/lab/quorate')
  })

  it('say which of them has a container that the inventory expects elsewhere', async () => {
    const node = lab.node('pve1')
    await node.output(
      'mkdir -p /etc/pve/nodes/pve2/lxc; echo "hostname: lost" >/etc/pve/nodes/pve2/lxc/105.conf',
    )
    const run = await play('playbooks/containers.yml', '-i', at('lost.yml'), '-l', 'lost')
    assert.equal(run.exitCode, 3, run.text)
    assert.match(run.text, /pve1 has no container 105: it is on pve2/)
  })

  type BootIds = Readonly<Record<(typeof nodes)[number], string>>

  async function bootIds(): Promise<BootIds> {
    const [pve1 = '', pve2 = ''] = await Promise.all(
      nodes.map((node) => lab.node(node).output('cat /proc/sys/kernel/random/boot_id')),
    )
    return { pve1, pve2 }
  }

  /** The node that restarts first, and the one that waits. */
  async function firstDown(
    boots: BootIds,
  ): Promise<readonly [(typeof nodes)[number], (typeof nodes)[number]]> {
    for (let tries = 0; tries < 600; tries += 1) {
      for (const node of nodes) {
        const boot = await lab.node(node).exec('cat /proc/sys/kernel/random/boot_id')
        if (boot.code !== 0 || boot.stdout !== boots[node]) return [node, node === 'pve1' ? 'pve2' : 'pve1']
      }
      await sleep(100)
    }
    throw new Error('no node restarted')
  }
})
