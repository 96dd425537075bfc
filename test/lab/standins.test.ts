import { after, before, describe } from 'node:test'
import { Lab } from './lab.ts'
import { whyNoLab } from './machine.ts'
import { containerTests } from './standins-tests/containers.ts'
import { nodeTests } from './standins-tests/node.ts'
import { subjectOf } from './standins-tests/subject.ts'

const skip = whyNoLab() ?? false
const name = `test-standins-${process.pid}`

// In this order: what the one leaves the next one needs.
describe('the stand-ins of a node', { skip, timeout: 300_000 }, () => {
  let lab: Lab
  before(async () => {
    lab = await Lab.up({ name, nodes: 2, containers: 2 })
  })
  after(() => Lab.down(name))

  const subject = subjectOf(() => lab)
  nodeTests(subject)
  containerTests(subject)
})
