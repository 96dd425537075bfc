import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadInventory } from '../../src/inventory/inventory.ts'
import { VariableScope } from '../../src/language/scope.ts'
import { network } from './instance.ts'
import { addresses, inventory } from './inventory.ts'
import { topology } from './topology.ts'

function variablesIn(...files: readonly string[]): Record<string, unknown> {
  const { hosts } = loadInventory(files)
  return Object.fromEntries(
    [...hosts.values()].map(({ name, groups, variables }) => {
      const scope = new VariableScope([{ layer: 'inventory', written: variables }])
      return [name, { groups, ...Object.fromEntries([...scope.names()].map((key) => [key, scope.get(key)])) }]
    }),
  )
}

test('inventory/lab with the addresses of a default lab gives the same hosts and variables as the inventory of that lab', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-inventory-'))
  try {
    const shape = topology(network(3))
    for (const [file, text] of [
      ['inventory.yaml', inventory(shape, folder)],
      ['addresses.yaml', addresses(shape, folder)],
    ] as const)
      writeFileSync(join(folder, file), text)
    const shipped = fileURLToPath(new URL('../../inventory/lab', import.meta.url))
    assert.deepEqual(
      variablesIn(shipped, join(folder, 'addresses.yaml')),
      variablesIn(join(folder, 'inventory.yaml')),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
