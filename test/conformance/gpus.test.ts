/**
 * The modules for GPUs in containers, on a node without a driver; each case starts from the state after the
 * previous ones.
 */
import { before, describe, it } from 'node:test'
import { whyNoLab } from '../lab/machine.ts'
import { conforms, type Registered } from './conformance.ts'
import { gpuCases } from './gpu-cases.ts'
import { freshLab, type ConformanceLab } from './lab.ts'

describe('modules for GPUs conform', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  const registered: Registered = new Map()
  let hosts: ConformanceLab
  before(async () => {
    hosts = await freshLab()
  })

  let broken = false
  for (const given of gpuCases)
    it(`${given.module.name} on ${given.on}: ${given.says}`, async (test) => {
      if (broken) return test.skip('a case before it failed')
      broken = true
      await conforms(given, hosts.subject(given.on), registered)
      broken = false
    })
})
