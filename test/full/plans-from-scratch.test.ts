/** A plan of the whole site, made on nodes without a driver: most of it depends on earlier tasks. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { eventsOf, keysOf, outcomes } from '../whole/support/events.ts'
import { gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf, site } from '../whole/support/site-runs.ts'

const name = `plans-${process.pid}`

describe('a plan of the whole site', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let folder: string
  const file = (): string => join(folder, 'plan.json')
  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 2 })
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-plans-'))
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await Lab.down(name)
  })

  it('is applied to its end, and leaves nothing to do', async () => {
    const planned = await gpuplay(['plan', site, '-i', inventoryOf(lab), '-o', file(), '--output', 'jsonl'])
    assert.equal(planned.exitCode, 0, planned.text.slice(-3000))
    assert.ok(keysOf(outcomes(planned.events), 'unknown').length > 0)
    assert.ok(statSync(file()).size < 2_000_000, readFileSync(file(), 'utf8').slice(0, 3000))
    const applied = await gpuplay(['apply', file(), '--output', 'jsonl'])
    const failures = eventsOf(applied.events, 'task.finished').flatMap(({ host, task, detail }) =>
      detail.problem === undefined ? [] : [`${host} ${task.name}: ${detail.problem.message}`],
    )
    assert.deepEqual(failures, [])
    assert.equal(applied.exitCode, 0, applied.text.slice(-3000))
    const second = await gpuplay(['run', site, '-i', inventoryOf(lab)])
    assert.equal(second.exitCode, 0, second.text.slice(-3000))
    assert.deepEqual(keysOf(outcomes(second.events), 'changed'), [])
  })

  it('is not applied again', async () => {
    const again = await gpuplay(['apply', file(), '--output', 'jsonl'])
    assert.equal(again.exitCode, 9, again.text.slice(-3000))
    assert.deepEqual(keysOf(outcomes(again.events), 'changed'), [])
  })
})
