import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGpus } from './gpu-power.ts'

test('nvidia-smi prints addresses with a longer domain than the kernel', () => {
  assert.deepEqual(
    parseGpus('00000001:0A:00.0, Enabled, 99.5\n').map(({ pci }) => pci),
    ['0001:0a:00.0'],
  )
})
