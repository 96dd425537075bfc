/**
 * Variables that cannot work on the hosts: a dry run refuses them with the reason, the host and a fix, and so does a run,
 * before anything is changed. Most of them also on nodes without a driver, where a dry run knows only the PCI devices.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse, stringify } from 'yaml'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { snapshotDifferences } from '../lab/snapshot.ts'
import type { LabNodeSpec } from '../lab/topology.ts'
import { gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf, site } from '../whole/support/site-runs.ts'
import { driven } from './support/driven-wishes.ts'
import { ofContainers, ofNodes, unread, type Variables, type Wish } from './support/wrong-wishes.ts'

const name = `wrong-wishes-${process.pid}`

/** What all inventories of this file have. */
const standing: Readonly<Record<string, Variables>> = {
  pve1: { nvidia_host_exclude_gpus: ['0000:c1:00.0'], nvidia_host_quorum: 'allow' },
  ct103: { gpu_assignment: 'none' },
}

describe(
  'a wrong wish is refused before anything changes:',
  { skip: whyNoLab() ?? false, timeout: 1_500_000 },
  () => {
    let lab: Lab

    before(async () => {
      lab = await Lab.up({ name, nodes: 2, containers: 3, gpusPerNode: 4, adjust })
    })
    after(() => Lab.down(name))

    /** The lab's inventory with the variables of a wish. */
    function inventoryWith(hosts: Wish['hosts']): string {
      const inventory: Inventory = parse(readFileSync(inventoryOf(lab), 'utf8'))
      const { nodes, containers } = inventory.all.children
      for (const [host, variables] of Object.entries({ ...standing, ...hosts })) {
        const group = host in nodes.hosts ? nodes : containers
        group.hosts[host] = { ...group.hosts[host], ...standing[host], ...variables }
      }
      const file = join(lab.instance.stateDir, 'wishes', 'inventory.yaml')
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, stringify(inventory))
      return file
    }

    async function refused(wish: Wish, options: readonly string[]): Promise<void> {
      const { what, hosts, exitCode, says } = wish
      const limit = wish.limit ?? ['pve1', ...Object.keys(hosts)].join(',')
      const words = ['run', site, '-i', inventoryWith(hosts), '-l', limit, ...options]
      const found = await lab.snapshotFiles()
      const { text, exitCode: code } = await gpuplay(words, { output: 'plain' })
      assert.equal(code, exitCode, `${what}:\n${text}`)
      for (const part of says) assert.match(text, part)
      assert.deepEqual(snapshotDifferences(found, await lab.snapshotFiles()), [], text)
    }

    function refusals(wishes: readonly Wish[], ...runs: readonly (readonly string[])[]): void {
      for (const wish of wishes) {
        it(wish.what, async () => {
          const [make = ':', undo = ':'] = wish.make ?? []
          await lab.node('pve1').output(make)
          for (const options of runs) await refused(wish, options)
          await lab.node('pve1').output(undo)
        })
      }
    }

    describe('in the files,', () => {
      refusals(unread, ['--check'], [])
    })

    describe('on nodes without a driver,', () => {
      refusals(ofContainers, ['--check'])
      refusals(ofNodes, ['--check'], [])
    })

    describe('on nodes that are as declared,', () => {
      before(async () => {
        const words = ['run', site, '-i', inventoryWith({}), '-l', 'pve1,ct101,ct102']
        const { exitCode, text } = await gpuplay(words, { output: 'plain' })
        assert.equal(exitCode, 0, text)
      })
      refusals([...ofContainers, ...ofNodes, ...driven], ['--check'], [])
    })
  },
)

interface Group {
  readonly hosts: Record<string, Variables>
}

interface Inventory {
  readonly all: { readonly children: { readonly nodes: Group; readonly containers: Group } }
}

/** pve1: two cards for containers, one of a VM, an excluded one. pve2: an older card. */
function adjust(node: LabNodeSpec): LabNodeSpec {
  const cluster = { name: 'lab', members: ['pve1', 'pve2'], shared: true }
  if (node.name === 'pve1')
    return {
      ...node,
      cluster,
      gpus: node.gpus.map((gpu, index) => (index === 2 ? { ...gpu, ownedByVm: 900 } : gpu)),
    }
  const older = { model: 'NVIDIA GeForce GTX 1080', deviceId: '1b80', minor: 0 }
  return {
    ...node,
    cluster,
    containers: node.containers.slice(0, 1),
    gpus: node.gpus.slice(0, 1).map((gpu) => ({ ...gpu, ...older })),
  }
}
