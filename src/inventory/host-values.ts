/** The variables of a host: the sources that may set them, weakest first, and what they add up to. */
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import type { Variable, Variables } from '../language/model.ts'
import type { InventoryBuilder, Tier } from './builder.ts'

/** One place in the inventory that sets a variable of a host. */
export interface InventoryCandidate {
  /** For people: `group_vars/web`. */
  readonly from: string
  readonly variable: Variable
}

interface Level {
  readonly tier: Tier
  /** A group or host. */
  readonly name: string
}

/**
 * Ansible's order: groups in the inventory, then the files for all, those for groups, and last the host's own
 * variables.
 */
function levelsOf(host: HostName, groups: readonly string[]): readonly Level[] {
  const of = (tier: Tier, names: readonly string[]): readonly Level[] => names.map((name) => ({ tier, name }))
  return [
    ...of('group in inventory', ['all', ...groups]),
    ...of('group_vars/all', ['all']),
    ...of('playbook group_vars/all', ['all']),
    ...of('group_vars', groups),
    ...of('playbook group_vars', groups),
    ...of('host in inventory', [host]),
    ...of('host_vars', [host]),
    ...of('playbook host_vars', [host]),
  ]
}

export function mergedVariables(
  builder: InventoryBuilder,
  host: HostName,
  groups: readonly string[],
): Variables {
  const merged = new Map<string, Variable>()
  for (const { tier, name } of levelsOf(host, groups))
    for (const [variable, settings] of builder.settings(tier, name))
      for (const setting of settings) merged.set(variable, setting)
  return merged
}

/** Returns the problems of the files of variables of a host that cannot be decrypted. */
export function lockedFiles(
  builder: InventoryBuilder,
  host: HostName,
  groups: readonly string[],
): readonly Problem[] {
  if (builder.locked.length === 0) return []
  const levels = new Set(levelsOf(host, groups).map(({ tier, name }) => `${tier} ${name}`))
  return builder.locked.flatMap(({ tier, name, problem }) => (levels.has(`${tier} ${name}`) ? [problem] : []))
}

/** Returns every place that sets a variable of a host, weakest first. */
export function inventoryCandidates(
  builder: InventoryBuilder,
  { host, groups }: { readonly host: HostName; readonly groups: readonly string[] },
  variable: string,
): readonly InventoryCandidate[] {
  return levelsOf(host, groups).flatMap((level) =>
    (builder.settings(level.tier, level.name).get(variable) ?? []).map((setting) => ({
      from: sourceText(level),
      variable: setting,
    })),
  )
}

function sourceText({ tier, name }: Level): string {
  switch (tier) {
    case 'group in inventory':
      return `group ${name}`
    case 'host in inventory':
      return 'host'
    case 'group_vars/all':
    case 'group_vars':
      return `group_vars/${name}`
    case 'playbook group_vars/all':
    case 'playbook group_vars':
      return `group_vars/${name} of the playbook`
    case 'host_vars':
      return `host_vars/${name}`
    case 'playbook host_vars':
      return `host_vars/${name} of the playbook`
  }
}
