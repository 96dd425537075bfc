/** Every general module on a node of the lab: over ssh, with real systemd, apt and dpkg. */
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { conforms } from './conformance.ts'
import { fileCases } from './file-cases.ts'
import { labSubject } from './subject.ts'
import { systemCases } from './system-cases.ts'

const skip = whyNoLab() ?? false
const name = `conformance-${process.pid}`

describe('general modules conform on a node', { skip, timeout: 300_000 }, () => {
  let lab: Lab
  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 0 })
    await lab.node('pve1').output('mkdir /srv/conformance')
  })
  after(() => Lab.down(name))

  for (const given of [...systemCases, ...filesOnNode()])
    it(`${given.module.name}: ${given.says}`, () => conforms(given, labSubject(lab, 'pve1')))
})

/** The rest of these was done on this machine; over ssh it is enough that attributes and bytes arrive. */
function filesOnNode(): ReturnType<typeof fileCases> {
  return fileCases('/srv/conformance').filter(({ says }) =>
    ['odd characters', 'attributes of a directory', 'a backup', 'what it creates'].includes(says),
  )
}
