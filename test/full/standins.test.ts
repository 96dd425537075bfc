import { after, before, describe } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { containerTests } from './support/standins/containers.ts'
import { nodeTests } from './support/standins/node.ts'
import { pctTests } from './support/standins/pct-exact.ts'
import { subjectOf } from './support/standins/subject.ts'

const skip = whyNoLab() ?? false
const name = `test-standins-${process.pid}`

// In this order: each group needs the final state of the previous one.
describe('the stand-ins of a node', { skip, timeout: 300_000 }, () => {
  let lab: Lab
  before(async () => {
    lab = await Lab.up({ name, nodes: 2, containers: 2 })
  })
  after(() => Lab.down(name))

  const subject = subjectOf(() => lab)
  nodeTests(subject)
  containerTests(subject)
  pctTests(subject)
})
