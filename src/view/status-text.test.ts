import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SummaryRow } from '../modules/module.ts'
import { createColors } from './colors.ts'
import { statusText } from './status-text.ts'

const row = { table: 'GPUs', columns: ['NODE/CT', 'UUID', 'STATE'], dispensable: ['UUID'] }
const rows: readonly SummaryRow[] = [
  { ...row, cells: ['pve1', 'GPU-8f3c0000', 'ok'], order: '1', state: 'ok' },
  {
    ...row,
    cells: ['train 203', '-', 'STOPPED'],
    order: '2',
    indent: 1,
    state: 'pending',
    findings: [{ message: 'container 203 is stopped', cause: 'onboot: 0', fix: 'on pve1: pct start 203' }],
  },
]

test('the table is followed by the cause and the fix of everything that is off', () => {
  const colors = createColors({ wanted: 'never', environment: {}, isTerminal: false })
  const after = `
train 203
 1 container 203 is stopped
   cause  onboot: 0
   fix    on pve1: pct start 203`
  assert.equal(
    statusText(rows, colors),
    `NODE/CT      UUID          STATE
pve1         GPU-8f3c0000  ok
  train 203  -             STOPPED
${after}`,
  )
  assert.equal(
    statusText(rows, colors, 24),
    `NODE/CT      STATE
pve1         ok
  train 203  STOPPED
${after}`,
  )
})

test('colors are used only if they are wanted', () => {
  const wanted = { wanted: 'auto', environment: {}, isTerminal: true } as const
  assert.ok(statusText(rows, createColors(wanted)).includes('\u001b[33m  train 203'))
})
