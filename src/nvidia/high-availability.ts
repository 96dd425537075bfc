/** The configuration of Proxmox's HA manager, from its files below /etc/pve. */

export const resourcesFile = '/etc/pve/ha/resources.cfg'
export const datacenterFile = '/etc/pve/datacenter.cfg'

/** IDs of the guests that HA manages and does not ignore: sections `ct: 101`, `vm: 100`. */
export function managedGuests(resources: string): readonly string[] {
  const ids: string[] = []
  for (const section of resources.split(/^(?=\S)/m)) {
    const id = /^(?:ct|vm):\s*(\d+)/.exec(section)?.[1]
    if (id !== undefined && !/^\s+state\s+ignored\s*$/m.test(section)) ids.push(id)
  }
  return ids
}

/**
 * HA's policy for the guests of a node that shuts down; `conditional`, the default, freezes them for a
 * reboot.
 */
export function shutdownPolicy(datacenter: string): string {
  return /^ha:.*\bshutdown_policy=(\w+)/m.exec(datacenter)?.[1] ?? 'conditional'
}
