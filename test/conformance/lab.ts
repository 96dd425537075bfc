/**
 * One lab for all tests of this phase, created by the first: a node without a driver, with two GPUs and two
 * containers.
 */
import { after } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { labSubjects, type Subject } from './subject.ts'

export interface ConformanceLab {
  readonly lab: Lab
  /** A host by its name in the lab's inventory: `pve1`, `ct101` (privileged) or `ct102` (not). */
  subject(name: string): Subject
}

const name = `conformance-${process.pid}`
let made: Promise<ConformanceLab & { forget(): void; close(): Promise<void> }> | undefined

/** The lab, with its disks restored to the initial state. */
export async function freshLab(): Promise<ConformanceLab> {
  if (made === undefined) {
    made = make()
    return made
  }
  const present = await made
  await present.lab.restore('fresh')
  present.forget()
  return present
}

/**
 * During development, `GPUPLAY_TEST_LAB` can name a running lab with a saved state `fresh`, which is used and
 * not stopped.
 */
async function make(): Promise<ConformanceLab & { forget(): void; close(): Promise<void> }> {
  const named = process.env['GPUPLAY_TEST_LAB']
  const present = named === undefined ? undefined : Lab.find(named)
  if (present !== undefined) {
    await present.restore('fresh')
    return { lab: present, ...labSubjects(present) }
  }
  const lab = await Lab.up({ name, nodes: 1, containers: 2 })
  await lab.save('fresh')
  return { lab, ...labSubjects(lab) }
}

after(async () => {
  await (await made)?.close()
  await Lab.down(name)
})
