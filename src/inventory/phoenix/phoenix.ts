/**
 * The configuration of the Phoenix Hypervisor scripts as an inventory: `phoenix_hypervisor_config.json` is a node,
 * `phoenix_lxc_configs.json` has its containers.
 *
 * Every key is a variable of its host, under its name. Those that gpuplay's roles have a variable for are also that
 * variable (docs/playbooks.md, "Phoenix configurations").
 */
import type { InventoryBuilder } from '../builder.ts'
import { readContainers } from './phoenix-containers.ts'
import { readHypervisor } from './phoenix-node.ts'
import { phoenixPair } from './phoenix-pair.ts'
import { checkVersions } from './phoenix-versions.ts'
import type { PhoenixFile } from './phoenix-shape.ts'

/**
 * Returns the function that adds one of the files to the inventory; call it in the order of the sources, because a
 * later one overrides an earlier one.
 */
export function phoenixReader(
  builder: InventoryBuilder,
  files: readonly PhoenixFile[],
): (file: PhoenixFile) => void {
  const pair = phoenixPair(builder, files)
  checkVersions(builder, pair)
  const isRead = new Set<PhoenixFile['kind']>()
  return ({ kind }) => {
    if (isRead.has(kind)) return
    isRead.add(kind)
    if (kind === 'containers') readContainers(builder, pair)
    else readHypervisor(builder, pair)
  }
}
