import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nothingKnown, rowOf } from '../../modules/gpu-verify/gpu-table.ts'
import type { GpuStatus } from '../../modules/gpu-verify/gpu-status.ts'
import type { SummaryRow } from '../../modules/module.ts'
import { gpuNodes, tablesOf } from './gpu-map.ts'

function row(
  status: Pick<GpuStatus, 'host' | 'node' | 'ctid'> & Partial<GpuStatus>,
  severity: SummaryRow['state'] = 'ok',
): SummaryRow {
  return rowOf({
    status: { ...nothingKnown, state: 'ok', detail: '', ...status },
    cells: ['-', '-', '-', '-', '-', '-'],
    severity,
    findings: severity === 'ok' ? [] : [{ message: 'it is off' }],
  })
}

const pve1 = row({
  host: 'pve1',
  node: null,
  ctid: null,
  wanted: '590.48.01',
  loaded: '590.48.01',
  assigned: ['GPU-a', 'GPU-b'],
  visible: ['GPU-a', 'GPU-b'],
})

describe('the GPU map', () => {
  test('shows which container has which card of its node', () => {
    const web = row({ host: 'web', node: 'pve1', ctid: '101', assigned: ['GPU-a'], visible: ['GPU-a'] })
    const [node] = gpuNodes([pve1, web])
    assert.deepEqual(node?.cards, [
      { id: 'GPU-a', present: true, containers: ['web'] },
      { id: 'GPU-b', present: true, containers: [] },
    ])
    assert.deepEqual([node?.wanted, node?.loaded], ['590.48.01', '590.48.01'])
    assert.deepEqual(node?.containers[0]?.mismatched, [])
  })

  test('marks cards that a container has and does not see, or that its node lacks', () => {
    const web = row(
      { host: 'web', node: 'pve1', ctid: '101', assigned: ['GPU-a', 'GPU-z'], visible: ['GPU-a'] },
      'problem',
    )
    const [node] = gpuNodes([pve1, web])
    assert.deepEqual(node?.containers[0]?.mismatched, ['GPU-z'])
    assert.deepEqual(node?.cards.at(-1), { id: 'GPU-z', present: false, containers: ['web'] })
    assert.deepEqual(node?.containers[0]?.findings, [{ message: 'it is off' }])
  })

  test('a stopped container sees nothing, and that is no mismatch', () => {
    const web = row({ host: 'web', node: 'pve1', ctid: '101', state: 'stopped', assigned: ['GPU-a'] })
    assert.deepEqual(gpuNodes([pve1, web])[0]?.containers[0]?.mismatched, [])
  })

  test('puts nodes that are off first, and knows containers without their node or name', () => {
    const stranger = row({ host: null, node: 'pve2', ctid: '201', visible: ['GPU-c'] }, 'pending')
    const nodes = gpuNodes([pve1, stranger])
    assert.deepEqual(
      nodes.map(({ name, containers }) => [name, containers.map((one) => one.name)]),
      [
        ['pve2', ['(CT 201)']],
        ['pve1', []],
      ],
    )
    assert.deepEqual(nodes[0]?.cards, [{ id: 'GPU-c', present: false, containers: ['(CT 201)'] }])
  })

  test('keeps tables of other modules as they are printed', () => {
    const other: SummaryRow = {
      table: 'Disks',
      columns: ['HOST', 'STATE'],
      cells: ['pve1', 'ok'],
      order: 'pve1',
      state: 'ok',
      note: 'ok: free',
    }
    assert.deepEqual(gpuNodes([other]), [])
    assert.deepEqual(tablesOf([other, other]), [
      {
        name: 'Disks',
        columns: ['HOST', 'STATE'],
        rows: [
          { cells: ['pve1', 'ok'], state: 'ok', indent: 0 },
          { cells: ['pve1', 'ok'], state: 'ok', indent: 0 },
        ],
        notes: ['ok: free'],
      },
    ])
  })
})
