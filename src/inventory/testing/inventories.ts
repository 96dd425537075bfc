/** Inventories from files in memory. */
import assert from 'node:assert/strict'
import { hostName } from '../../base/brand.ts'
import { renderValue } from '../../language/render.ts'
import { memoryFiles } from '../../language/testing/memory-files.ts'
import { report } from '../../language/testing/report.ts'
import { dataScope } from '../../language/testing/scopes.ts'
import { settingOf } from '../connection-variables.ts'
import { type InventoryOptions, readInventory } from '../inventory.ts'
import type { Inventory } from '../inventory-model.ts'

type Contents = Readonly<Record<string, string>>

/** Reads an inventory from files in memory; with its problems. */
export function read(contents: Contents, sources = ['/i/hosts.yml'], options: InventoryOptions = {}) {
  return readInventory(sources, { files: memoryFiles(contents), ...options })
}

/** An inventory that has no mistakes. */
export function inventoryOf(contents: Contents, sources?: string[], options?: InventoryOptions): Inventory {
  const { inventory, problems } = read(contents, sources, options)
  assert.deepEqual(report(problems), [])
  assert.ok(inventory)
  return inventory
}

/** Returns the rendered value of a variable of a host. */
export function valueOf(inventory: Inventory, host: string, name: string): unknown {
  const variable = inventory.hosts.get(hostName(host))?.variables.get(name)
  return variable === undefined ? undefined : renderValue(variable.value, dataScope({}))
}

/** Returns the value that the engine gets for a setting of a host, such as `port`. */
export function settingValue(inventory: Inventory, host: string, name: string): unknown {
  const found = inventory.hosts.get(hostName(host))
  const setting = found === undefined ? undefined : settingOf(found, name, new Map())
  return setting === undefined ? undefined : renderValue(setting.value, dataScope({}))
}

/** The mistakes of an inventory in YAML, as text. */
export function mistakes(yaml: string): readonly string[] {
  return report(read({ '/i/hosts.yml': yaml }).problems)
}
