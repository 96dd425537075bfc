import { after, before, describe } from 'node:test'
import { Lab } from './lab.ts'
import { whyNoLab } from './machine.ts'
import { containerTests } from './standins-tests/containers.ts'
import { nodeTests } from './standins-tests/node.ts'
import { pctTests } from './standins-tests/pct-exact.ts'
import { subjectOf } from './standins-tests/subject.ts'

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
