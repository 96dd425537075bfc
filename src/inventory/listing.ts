/**
 * An inventory as `ansible-inventory --list` and inventory programs print it: groups with `hosts` and
 * `children`, and the variables of all hosts in `_meta`. program-output.ts reads it again.
 */
import type { HostName } from '../base/brand.ts'
import { defined } from '../base/defined.ts'
import { Secret } from '../base/secret.ts'
import type { InventoryHost, Inventory } from './inventory-model.ts'
import { unsafeKey } from './program-output.ts'

type Listed = Readonly<Record<string, unknown>>

/**
 * Groups without hosts and children are left out, as in Ansible. Read again, the hosts and groups have the
 * order of the list.
 * @param variables The values of a host's variables
 */
export function listing(
  inventory: Inventory,
  hosts: readonly InventoryHost[],
  variables: (host: InventoryHost) => Listed,
): Listed {
  const names = new Set(hosts.map(({ name }) => name))
  const groups = new Map<string, Listed>()
  // The set grows during the iteration: a group comes before those below it.
  const open = new Set(['all'])
  for (const name of open) {
    const group = inventory.groups.get(name)
    if (group === undefined) continue
    // The hosts of `all` are those of its children.
    const own = name === 'all' ? [] : group.ownHosts.filter((host) => names.has(host))
    const below = name === 'all' ? childrenOfAll(inventory) : group.children
    for (const child of below) open.add(child)
    const hosts = own.length === 0 ? undefined : own
    const children = below.length === 0 ? undefined : below
    if (hosts !== undefined || children !== undefined) groups.set(name, defined({ hosts, children }))
  }
  const hostvars = hosts.map((host): readonly [HostName, Listed] => [host.name, variables(host)])
  return { _meta: { hostvars: Object.fromEntries(hostvars) }, ...Object.fromEntries(groups) }
}

/** `ungrouped`, the children that were written, then all groups without a parent. */
function childrenOfAll({ groups }: Inventory): readonly string[] {
  const nested = new Set([...groups.values()].flatMap(({ children }) => children))
  const tops = [...groups.keys()].filter((name) => name !== 'all' && !nested.has(name))
  return [...new Set(['ungrouped', ...(groups.get('all')?.children ?? []), ...tops])]
}

/** Marks the texts in a rendered value that would be templates if they were read again. */
export function withoutTemplates(value: unknown): unknown {
  if (typeof value === 'string') return /\{[{%#]/.test(value) ? { [unsafeKey]: value } : value
  if (Array.isArray(value)) return value.map(withoutTemplates)
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutTemplates(part)]))
}
