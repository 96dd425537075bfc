import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventBody } from '../events/events.ts'
import { finished, numbered, started, taskFinished, taskRef } from '../view/testing/sample-events.ts'
import { nameInventories } from './own-inventory.ts'

const fixOf = (fix: string): readonly EventBody[] => [
  started(['pve1']),
  taskFinished('pve1', taskRef('verify'), 'failed', {
    detail: { findings: [{ message: 'm', fix }, { message: 'n' }] },
  }),
  finished({
    rows: [
      { table: 't', columns: [], cells: [], order: '1', state: 'problem', findings: [{ message: 'm', fix }] },
      { table: 't', columns: [], cells: [], order: '2', state: 'ok' },
    ],
  }),
]

test('a fix names the inventories of the command line, quoted, and everything else stays', () => {
  const named = numbered(fixOf('gpuplay run nodes.yml -i INVENTORY -l pve1')).map(
    nameInventories(['my hosts', 'other.yml']),
  )
  assert.deepEqual(named, numbered(fixOf("gpuplay run nodes.yml -i 'my hosts' -i other.yml -l pve1")))
})
