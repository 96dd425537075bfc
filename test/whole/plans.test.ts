/** A plan for containers, applied after one of them has changed. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { eventsOf, keysOf, outcomes } from './support/events.ts'
import { type Ended, gpuplay } from './support/gpuplay.ts'
import { doneLab, inventoryOf } from './support/site-runs.ts'

const configured = "lxc_passthrough : Pass the GPUs' device nodes to the container"

describe('a plan for containers', { skip: whyNoLab() ?? false, timeout: 300_000 }, () => {
  let lab: Lab
  let node: LabNode
  let folder: string
  let planned: Ended
  const config = (ctid: number): Promise<string> => node.output(`cat /etc/pve/lxc/${ctid}.conf`)

  before(async () => {
    lab = await doneLab()
    node = lab.node('pve1')
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-plans-'))
    // Both lose a GPU, so both get it back.
    for (const ctid of [101, 102]) await node.output(`sed -i '/^dev0:/d' /etc/pve/lxc/${ctid}.conf`)
    planned = await gpuplay([
      'plan',
      'playbooks/containers.yml',
      '-i',
      inventoryOf(lab),
      '-l',
      'ct101,ct102',
      '-o',
      join(folder, 'plan.json'),
      '--output',
      'jsonl',
    ])
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('has the actions of both, and changes nothing', async () => {
    assert.equal(planned.exitCode, 0, planned.text)
    const would = keysOf(outcomes(planned.events), 'changed')
    for (const host of ['ct101', 'ct102'])
      assert.ok(would.includes(`${host} ${configured}`), would.join('\n'))
    for (const ctid of [101, 102]) assert.doesNotMatch(await config(ctid), /^dev0:/m)
    assert.match(readFileSync(join(folder, 'plan.json'), 'utf8'), /"pve1 container:101": "sha256:/)
  })

  it('is applied to the one that is as planned, and not to the other', async () => {
    await node.output(`printf 'memory: 3072\\n' >> /etc/pve/lxc/102.conf`)
    const edited = await config(102)
    const applied = await gpuplay(['apply', join(folder, 'plan.json'), '--output', 'jsonl'])
    assert.equal(applied.exitCode, 9, applied.text)
    assert.deepEqual(
      eventsOf(applied.events, 'host.unreachable').map(({ host, problem }) => `${host} ${problem.code}`),
      ['ct102 drifted'],
    )
    assert.equal(await config(102), edited)
    assert.match(await config(101), /^dev0:/m)
    assert.deepEqual(
      keysOf(outcomes(applied.events), 'changed'),
      keysOf(outcomes(planned.events), 'changed').filter((key) => key.startsWith('ct101 ')),
    )
  })
})
