/** The cost of twenty tasks on one host. Counts are the same on every machine, so they can have bounds. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { stringify } from 'yaml'
import { type Costs, countCosts, programCount, type Reach } from '../lab/costs.ts'
import { whyNoLab } from '../lab/machine.ts'
import { PlainHosts } from '../lab/plain.ts'
import { changedCount } from '../whole/support/events.ts'
import { type Ended, gpuplay, root } from '../whole/support/gpuplay.ts'

/** Without the opening of a connection with one shell. */
const bounds = {
  first: { forks: 100, waits: 12 },
  converged: { forks: 30, waits: 6 },
} as const

describe('twenty tasks on one host', { skip: whyNoLab() ?? false, timeout: 240_000 }, () => {
  const name = `counts-${process.pid}`
  let plain: PlainHosts
  before(async () => {
    plain = await PlainHosts.up({ name, count: 1 })
  })
  after(() => PlainHosts.down(name))

  /** Counts one run. */
  async function counted(): Promise<{ readonly costs: Costs; readonly ended: Ended }> {
    const [host = assert.fail('no host')] = plain.hosts
    let ended: Ended | undefined
    const costs = await countCosts(plain, host, async (reach) => {
      ended = await gpuplay(['run', join(root, 'bench/workload/site.yml'), '-i', inventory(reach)])
    })
    return { costs, ended: ended ?? assert.fail('no run') }
  }

  function inventory({ address, port, user, privateKey, knownHosts }: Reach): string {
    const file = join(plain.world.instance.stateDir, 'inventory.yaml')
    const host = { address, port, user, private_key: privateKey, known_hosts: knownHosts }
    writeFileSync(file, stringify({ all: { hosts: { host1: host } } }))
    return file
  }

  function within(costs: Costs, bound: { readonly forks: number; readonly waits: number }): void {
    const seen = `${costs.forks} forks, ${programCount(costs)} programs, ${costs.waits} waits`
    assert.ok(costs.forks <= bound.forks && costs.waits <= bound.waits, seen)
  }

  it('stay within the bounds of processes and waits in the first run', async (context) => {
    const { costs, ended } = await counted()
    assert.equal(ended.exitCode, 0, ended.text)
    assert.equal(changedCount(ended.events), 13)
    context.diagnostic(told(costs))
    within(costs, bounds.first)
  })

  it('stay within the bounds in a converged run', async (context) => {
    const { costs, ended } = await counted()
    assert.equal(ended.exitCode, 0, ended.text)
    assert.equal(changedCount(ended.events), 0)
    context.diagnostic(told(costs))
    within(costs, bounds.converged)
  })
})

function told(costs: Costs): string {
  const programs = [...costs.programs]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`)
  return `${costs.forks} forks, ${costs.waits} waits, ${programCount(costs)} programs: ${programs.join(', ')}`
}
