/** The device rules with which a container was started. */
import type { Host } from '../host/host.ts'
import { type ConfigEntry, parseContainerConfig } from './container-config.ts'

/**
 * The raw lines of the configuration that Proxmox VE wrote for LXC at the last start of a container, in order,
 * the rules of its `devN` among them; undefined without one. The running container keeps these rules, whatever
 * its configuration says now. `pct set` writes the file again (`update_lxc_config` in PVE::LXC), from the
 * configuration of that moment.
 */
export async function startedLines(node: Host, ctid: string): Promise<readonly ConfigEntry[] | undefined> {
  const text = await node.text(startedConfig(ctid))
  return text === undefined ? undefined : parseContainerConfig(text).current.lxc
}

/** LXC's configuration of a container. */
export function startedConfig(ctid: string): string {
  return `/var/lib/lxc/${ctid}/config`
}
