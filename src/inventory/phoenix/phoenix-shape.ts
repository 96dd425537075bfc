/**
 * Recognizes the files of the Phoenix Hypervisor scripts (github.com/SirHeads/Testing-ideas) by their shape:
 * `phoenix_lxc_configs.json` and `phoenix_hypervisor_config.json`.
 */
import { isNothing } from '../../language/fields.ts'
import type { YamlMap, YamlNode } from '../../language/yaml.ts'

export type PhoenixKind = 'containers' | 'hypervisor'

export interface PhoenixFile {
  readonly kind: PhoenixKind
  readonly root: YamlMap
}

/** Top-level keys that only the file of the hypervisor has; a group of an inventory may have the same name. */
const ofHypervisor = ['nvidia_driver', 'core_paths', 'proxmox_defaults', 'proxmox_storage_ids']

export function phoenixFile(root: YamlNode | undefined): PhoenixFile | undefined {
  if (root?.kind !== 'map' || root.entries.has('_meta')) return undefined
  const has = (key: string): boolean => {
    const value = root.entries.get(key)?.value
    return value !== undefined && !isGroup(value)
  }
  const hasTexts = [...root.entries.values()].some(
    ({ value }) => value.kind === 'scalar' && !isNothing(value),
  )
  if (has('lxc_configs') || (hasTexts && root.entries.has('lxc_configs'))) return { kind: 'containers', root }
  return ofHypervisor.some(has) ? { kind: 'hypervisor', root } : undefined
}

/** Whether a file has groups of hosts, or is the output of an inventory program. */
export function isInventory(root: YamlNode): boolean {
  if (root.kind !== 'map') return false
  return root.entries.has('_meta') || [...root.entries.values()].every(({ value }) => isGroup(value))
}

function isGroup(value: YamlNode): boolean {
  if (value.kind !== 'map') return isNothing(value)
  return [...value.entries.keys()].every((key) => ['hosts', 'children', 'vars'].includes(key))
}
