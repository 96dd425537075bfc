/** Two nodes of no cluster, each with a container 101. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse, stringify } from 'yaml'
import { LabContainer } from '../lab/host.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { changedCount, eventsOf } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf, site } from '../whole/support/site-runs.ts'
import { problemsOf } from './support/roles-play.ts'

const name = `same-ctid-${process.pid}`
/** Index 0 of pve2: its cards have other UUIDs, and their minors are the other way round. */
const uuids = {
  ct101: 'GPU-8f3c0000-5060-4c1e-a5b2-000001000000',
  ct201: 'GPU-8f3c0100-5060-4c1e-a5b2-000002000000',
} as const

describe(
  'containers with the same number on two nodes',
  { skip: whyNoLab() ?? false, timeout: 400_000 },
  () => {
    let lab: Lab

    before(async () => {
      lab = await Lab.up({
        name,
        nodes: 2,
        containers: 1,
        adjust: (node) => ({ ...node, containers: node.containers.map((spec) => ({ ...spec, ctid: 101 })) }),
      })
    })
    after(() => Lab.down(name))

    function play(...words: readonly string[]): Promise<Ended> {
      return gpuplay(['run', site, '-i', inventoryOf(lab), ...words])
    }

    function inside(index: number, command: string): Promise<string> {
      const container = lab.containers[index]
      assert.ok(container instanceof LabContainer)
      return container.output(command)
    }

    function configs(): Promise<readonly string[]> {
      return Promise.all(
        ['pve1', 'pve2'].map((node) => lab.node(node).output('cat /etc/pve/lxc/101.conf; pct status 101')),
      )
    }

    it('are each configured on their own node, in one run, with the GPU of that node', async () => {
      const run = await play()
      assert.equal(run.exitCode, 0, problemsOf(run))
      assert.match(await inside(0, 'hostname; nvidia-smi -L'), new RegExp(`^ct101\n.*${uuids.ct101}`))
      assert.match(await inside(1, 'hostname; nvidia-smi -L'), new RegExp(`^ct201\n.*${uuids.ct201}`))
      const [one = '', two = ''] = await configs()
      assert.match(one, /^dev\d+: \/dev\/nvidia0,/m)
      assert.match(two, /^dev\d+: \/dev\/nvidia1,/m)
      assert.doesNotMatch(one, /nvidia1/)
      assert.doesNotMatch(two, /nvidia0/)
      for (const [container, node] of [
        ['ct101', 'pve1'],
        ['ct201', 'pve2'],
      ] as const) {
        const places = eventsOf(run.events, 'action.finished').flatMap(({ host, on }) =>
          host === container ? [on] : [],
        )
        assert.deepEqual(
          [...new Set(places)].filter((place) => place !== container),
          [node],
        )
      }
      const again = await play()
      assert.equal(changedCount(again.events), 0, again.text)
    })

    it('are told apart in the table, and a change of one leaves the other alone', async () => {
      const status = await gpuplay(['status', '-i', inventoryOf(lab)], { output: 'plain' })
      assert.match(
        status.text,
        /^pve1 [^]*^ +ct101 101 [^]*GPU-8f3c0000 +ok$[^]*^pve2 [^]*^ +ct201 101 [^]*GPU-8f3c0100 +ok$/m,
      )
      const before = await configs()
      const run = await play('-l', 'pve2,ct201', '-e', 'gpu_assignment=1')
      assert.equal(run.exitCode, 0, problemsOf(run))
      const now = await configs()
      assert.equal(now[0], before[0])
      assert.match(now[1] ?? '', /^dev\d+: \/dev\/nvidia0,/m)
      const notes = await Promise.all(
        ['pve1', 'pve2'].map((node) => lab.node(node).output('cat /var/lib/gpuplay/v1/assignments/101')),
      )
      assert.match(notes[0] ?? '', /^gpu 0000:01:00\.0 0 /m)
      assert.match(notes[1] ?? '', /^gpu 0000:41:00\.0 0 /m)
    })

    it('are one container if the inventory says that their nodes are one cluster', async () => {
      const inventory = parse(readFileSync(inventoryOf(lab), 'utf8'))
      inventory.all.children.nodes.vars.pve_cluster = 'lab'
      const file = join(lab.instance.stateDir, 'one-cluster.yaml')
      writeFileSync(file, stringify(inventory))
      const run = await gpuplay(['run', site, '-i', file, '--check'])
      assert.equal(run.exitCode, 2, run.text)
      assert.match(run.text, /ct201.*ct101.*are both container 101/)
    })
  },
)
