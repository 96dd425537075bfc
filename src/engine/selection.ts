/** Selects the hosts of each play from the inventory. */
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import type { Inventory } from '../inventory/inventory-model.ts'
import { limitPlace, resolveLimit, resolvePattern } from '../inventory/pattern.ts'
import { displayName } from '../language/display-name.ts'
import type { Files } from '../language/read-files.ts'
import type { Play, Playbook, Variables } from '../language/model.ts'
import { VariableScope } from '../language/scope.ts'

/** Hosts that run a play together. The next batch starts when all of them have ended it. */
export interface Batch {
  /** From 1. */
  readonly number: number
  /** The number of batches of the play. */
  readonly of: number
  /** In the order of the inventory. */
  readonly hosts: readonly HostName[]
}

/** A play with its hosts. */
export interface SelectedPlay {
  /** For people: rendered with variables of the play and the command line. */
  readonly name: string
  readonly after: 'node' | undefined
  readonly play: Play
  readonly playbook: Playbook
  readonly hosts: readonly HostName[]
  /** The hosts in batches (`serial`). */
  readonly batches: readonly Batch[]
}

export interface Selection {
  readonly plays: readonly SelectedPlay[]
  /** In the order of the inventory. */
  readonly hosts: readonly HostName[]
  /** Every host of the inventory within `--limit`. */
  readonly reachable: readonly HostName[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

export interface SelectionOptions {
  readonly playbooks: readonly Playbook[]
  readonly inventory: Inventory
  readonly limit: string | undefined
  readonly onlyHosts: readonly string[] | undefined
  readonly extra: Variables
  readonly files: Files
}

export function select(options: SelectionOptions): Selection {
  const { playbooks, inventory, limit, onlyHosts, extra, files } = options
  const limited =
    limit === undefined ? undefined : resolveLimit(inventory, limit, { files, where: limitPlace })
  const within = limited === undefined ? undefined : new Set(limited.hosts.map((host) => host.name))
  const allowed = (name: HostName): boolean =>
    (within?.has(name) ?? true) && (onlyHosts?.includes(name) ?? true)
  const warnings: Problem[] = []
  const plays = playbooks.flatMap((playbook) =>
    playbook.plays.map((play): SelectedPlay => {
      const { hosts, problems } = resolvePattern(inventory, play.hosts, play.hostsAt)
      warnings.push(...problems)
      const names = hosts.map((host) => host.name).filter(allowed)
      const scope = new VariableScope([
        { layer: 'play vars', written: play.vars },
        { layer: 'extra vars', written: extra },
      ])
      const name = displayName(play.title, play.name, scope)
      return { name, after: play.after, play, playbook, hosts: names, batches: batchesOf(names, play) }
    }),
  )
  const used = new Set(plays.flatMap((play) => play.hosts))
  const all = [...inventory.hosts.keys(), inventory.localhost.name]
  return {
    plays,
    hosts: [...new Set(all)].filter((name) => used.has(name)),
    reachable: [...inventory.hosts.keys()].filter(allowed),
    problems: [
      ...(limited?.problems ?? []),
      ...(onlyHosts !== undefined && used.size === 0 ? [noneLeft] : []),
    ],
    warnings,
  }
}

const noneLeft: Problem = {
  code: 'nothing-to-rerun',
  message: 'the hosts that failed in the last run are not in the inventory or not within --limit any more',
  hint: 'leave --rerun-failed out, or check --limit',
}

/** A share of hosts is rounded down, to at least one host. */
function batchesOf(hosts: readonly HostName[], { serial }: Play): readonly Batch[] {
  const sizes = serial?.sizes ?? [{ kind: 'share', percent: 100 }]
  const groups: (readonly HostName[])[] = []
  for (let first = 0; first < hosts.length;) {
    const size = sizes[Math.min(groups.length, sizes.length - 1)]
    if (size === undefined) throw new Error('a play has batches without a size')
    const count =
      size.kind === 'hosts' ? size.count : Math.max(1, Math.floor((size.percent * hosts.length) / 100))
    groups.push(hosts.slice(first, first + count))
    first += count
  }
  return groups.map((group, index) => ({ number: index + 1, of: groups.length, hosts: group }))
}
