/** Containers that modules create, change and destroy on a node of the lab. */
import { before, describe, it } from 'node:test'
import { whyNoLab } from '../lab/machine.ts'
import { conforms } from './conformance.ts'
import { type ConformanceLab, freshLab } from './lab.ts'
import { lifecycleCases } from './lifecycle-cases.ts'

describe(
  'modules for the life of containers conform',
  { skip: whyNoLab() ?? false, timeout: 600_000 },
  () => {
    let hosts: ConformanceLab
    before(async () => {
      hosts = await freshLab()
    })

    for (const given of lifecycleCases)
      it(`${given.module.name}: ${given.says}`, () => conforms(given, hosts.subject('pve1')))
  },
)
