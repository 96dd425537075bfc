import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseModuleType, commonBranches, cudaMisfits, misfits } from './generations.ts'

const blackwell = { pci: '0000:01:00.0', device: 0x2d04 }
const ada = { pci: '0000:41:00.0', device: 0x2684 }
const pascal = { pci: '0000:81:00.0', device: 0x1b06 }

test('a card is supported from its first driver branch to its last', () => {
  assert.deepEqual(misfits('580.95.05', [blackwell, ada, pascal]), [])
  assert.deepEqual(
    misfits('590.48.01', [blackwell, pascal]).map(({ card }) => card.pci),
    [pascal.pci],
  )
  assert.deepEqual(
    misfits('550.144.03', [blackwell, pascal]).map(({ card }) => card.pci),
    [blackwell.pci],
  )
})

test('the branches for all cards of a node are those that support each card', () => {
  assert.deepEqual(commonBranches([blackwell, pascal]), { first: 570, last: 580 })
  assert.deepEqual(commonBranches([ada]), { first: 520, last: undefined })
  assert.equal(commonBranches([{ pci: '0000:82:00.0', device: 0x0ffd }, blackwell]), undefined)
})

test('the type of modules supports every card, and its default is the choice of the installer', () => {
  assert.deepEqual(chooseModuleType('580.95.05', [ada], 'auto'), { kind: 'chosen', type: 'open' })
  assert.deepEqual(chooseModuleType('550.144.03', [ada], 'auto'), { kind: 'chosen', type: 'proprietary' })
  assert.deepEqual(chooseModuleType('580.95.05', [ada, pascal], 'auto'), {
    kind: 'chosen',
    type: 'proprietary',
  })
  assert.deepEqual(chooseModuleType('580.95.05', [ada], 'proprietary'), {
    kind: 'chosen',
    type: 'proprietary',
  })
})

test('no type of modules supports both Pascal and Blackwell, and the reason names both', () => {
  const choice = chooseModuleType('580.95.05', [blackwell, pascal], 'auto')
  assert.equal(choice.kind, 'impossible')
  assert.match(choice.kind === 'impossible' ? choice.why : '', /0000:01:00\.0 .*0000:81:00\.0/)
  const proprietary = chooseModuleType('580.95.05', [blackwell], 'proprietary')
  assert.match(proprietary.kind === 'impossible' ? proprietary.why : '', /0000:01:00\.0 is Blackwell/)
})

test('a CUDA toolkit fits cards from the first that knows them to the last before they are dropped', () => {
  const generations = (cuda: string): readonly string[] =>
    cudaMisfits(cuda, [blackwell, ada, pascal]).map(({ generation }) => generation)
  assert.deepEqual(generations('12.8'), [])
  assert.deepEqual(generations('12.9'), [])
  assert.deepEqual(generations('13.0'), ['Maxwell, Pascal or Volta'])
  assert.deepEqual(generations('12.6'), ['Blackwell or newer'])
  assert.deepEqual(generations('11.7'), ['Blackwell or newer', 'Ada'])
})
