/**
 * One lab for all tests of this phase, with the results of `playbooks/site.yml` on it: a dry run, a run, and
 * a second run. The first test creates it, so each file can also run alone.
 *
 * Saved states: `fresh`, new and without a driver, and `done`, after the run.
 *
 * During development, `GPUPLAY_TEST_LAB` can name a running lab with a saved state `done`. Files that start
 * from this state use it and do not stop it.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after } from 'node:test'
import { Lab } from '../../lab/lab.ts'
import type { FileSnapshot } from '../../lab/snapshot.ts'
import { gpuplay, type Ended } from './gpuplay.ts'

export interface SiteRuns {
  readonly lab: Lab
  readonly inventory: string
  /** The files of all hosts before and after the dry run. */
  readonly before: FileSnapshot
  readonly afterCheck: FileSnapshot
  readonly check: Ended
  readonly real: Ended
  readonly second: Ended
}

export const site = 'playbooks/site.yml'

const name = `whole-${process.pid}`
let runs: Promise<SiteRuns> | undefined

export function siteRuns(): Promise<SiteRuns> {
  runs ??= make()
  return runs
}

/** The lab in the state after the run. */
export async function doneLab(): Promise<Lab> {
  const named = process.env['GPUPLAY_TEST_LAB']
  const lab = named === undefined ? undefined : Lab.find(named)
  if (lab !== undefined) {
    await lab.restore('done')
    return lab
  }
  const made = await siteRuns()
  assert.equal(made.real.exitCode, 0, `site.yml did not run through:\n${made.real.text.slice(-3000)}`)
  await made.lab.restore('done')
  return made.lab
}

export function inventoryOf(lab: Lab): string {
  return join(lab.instance.stateDir, 'inventory.yaml')
}

async function make(): Promise<SiteRuns> {
  const lab = await Lab.up({
    name,
    nodes: 2,
    containers: 2,
    // The inventory does not name it.
    adjust: (node) => ({ ...node, cluster: { name: 'lab', members: ['pve1', 'pve2', 'pve3'] } }),
  })
  const inventory = inventoryOf(lab)
  const words = ['run', site, '-i', inventory]
  await lab.save('fresh')
  const before = await lab.snapshotFiles()
  const check = await gpuplay([...words, '--check'])
  const afterCheck = await lab.snapshotFiles()
  const real = await gpuplay(words)
  const second = await gpuplay(words)
  await lab.save('done')
  return { lab, inventory, before, afterCheck, check, real, second }
}

after(() => Lab.down(name))
