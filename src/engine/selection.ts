/** Selects the hosts of each play from the inventory. */
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import type { Inventory } from '../inventory/inventory-model.ts'
import { membersOf } from '../inventory/members.ts'
import { limitPlace, resolveLimit } from '../inventory/pattern.ts'
import { displayName } from '../language/display-name.ts'
import { type InventoryTask, inventoryTasks, maySelect } from '../language/inventory-tasks.ts'
import { fits } from '../language/name-pattern.ts'
import { hostsPattern } from '../language/play-hosts.ts'
import type { Files } from '../language/read-files.ts'
import type { Play, Playbook, Variables } from '../language/model.ts'
import type { LocalSources } from '../language/evaluation.ts'
import { type Layer, playLayers, VariableScope } from '../language/scope.ts'

/** A play with its hosts. */
export interface ChosenPlay {
  /** For people: rendered with variables of the play and the command line. */
  readonly name: string
  /** The pattern of its hosts, rendered. */
  readonly pattern: string
  readonly after: 'node' | undefined
  readonly play: Play
  readonly playbook: Playbook
  readonly hosts: readonly HostName[]
  /** False if they depend on an answer that nobody has given yet (`vars_prompt`). */
  readonly hostsKnown: boolean
  /** What tasks of earlier plays may add to the inventory. If there is anything, the hosts are selected again. */
  readonly additions: readonly InventoryTask[]
  /** Dry runs only: hosts of which it is unknown whether they belong to the play, each with the reason. */
  readonly doubts: ReadonlyMap<HostName, string>
}

export interface Selection {
  readonly plays: readonly ChosenPlay[]
  /** In the order of the inventory. */
  readonly hosts: readonly HostName[]
  /** Whether a host is within `--limit`. */
  readonly allowed: (inventory: Inventory, name: HostName) => boolean
  /** Selects the hosts of a play from an inventory that tasks have changed. */
  readonly again: (play: ChosenPlay, inventory: Inventory) => ChosenPlay
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
  readonly environment: LocalSources['environment']
}

export function select(options: SelectionOptions): Selection {
  const { playbooks, inventory, onlyHosts, extra, files, environment } = options
  const limits = limitsOf(options)
  const { allowed } = limits
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const additions: InventoryTask[] = []
  const plays = playbooks.flatMap((playbook) =>
    playbook.plays.map((play): ChosenPlay => {
      const layers: readonly Layer[] = [...playLayers(play), { layer: 'extra vars', written: extra }]
      const scope = new VariableScope(layers, undefined, { environment, files, folders: ['.'] })
      const found = hostsPattern(play.hosts, scope)
      problems.push(...found.problems)
      const pattern = found.pattern ?? play.hosts.written
      const named = play.title.where !== play.hosts.where
      const name = named ? displayName(play.title, play.name, scope) : pattern
      const hostsKnown = found.pattern !== undefined
      const before = [...additions]
      const doubts = new Map<HostName, string>()
      const known = {
        name,
        pattern,
        after: play.after,
        play,
        playbook,
        hostsKnown,
        additions: before,
        doubts,
      }
      additions.push(...inventoryTasks(play))
      if (found.pattern === undefined || found.problems.length > 0) return { ...known, hosts: [] }
      const { hosts, unmatched } = membersOf(inventory, pattern, play.hosts.where)
      warnings.push(...unmatched.flatMap(({ term, problem }) => (maySelect(term, before) ? [] : [problem])))
      return { ...known, hosts: hosts.filter((host) => allowed(inventory, host)) }
    }),
  )
  const used = new Set(plays.flatMap((play) => play.hosts))
  return {
    plays,
    hosts: inOrder(inventory, used),
    allowed,
    again(play, changed) {
      if (!play.hostsKnown) return play
      const { hosts, doubts } = membersOf(changed, play.pattern, play.play.hosts.where)
      return { ...play, hosts: hosts.filter((host) => allowed(changed, host)), doubts }
    },
    problems: [
      ...problems,
      ...limits.problems(additions),
      ...(onlyHosts !== undefined && used.size === 0 ? [noneLeft] : []),
    ],
    warnings,
  }
}

/** These hosts in the order of the inventory. */
export function inOrder(inventory: Inventory, wanted: ReadonlySet<HostName>): readonly HostName[] {
  const all = [...inventory.hosts.keys(), inventory.localhost.name]
  return [...new Set(all)].filter((name) => wanted.has(name))
}

/** `--limit` and `--rerun-failed`, which also apply to hosts that tasks add. */
function limitsOf({ inventory, limit, onlyHosts, files }: SelectionOptions): {
  readonly allowed: Selection['allowed']
  /** Mistakes in the limit; its parts may name what tasks add. */
  readonly problems: (additions: readonly InventoryTask[]) => readonly Problem[]
} {
  const known = new Map<Inventory, ReadonlySet<HostName>>()
  const within = (changed: Inventory): ReadonlySet<HostName> | undefined => {
    if (limit === undefined) return undefined
    const present = known.get(changed)
    if (present !== undefined) return present
    const { hosts } = resolveLimit(changed, limit, { files, where: limitPlace })
    const names = new Set(hosts.map((host) => host.name))
    known.set(changed, names)
    return names
  }
  return {
    allowed: (changed, name) => (within(changed)?.has(name) ?? true) && (onlyHosts?.includes(name) ?? true),
    problems(additions) {
      if (limit === undefined) return []
      const { problems, unmatched } = resolveLimit(inventory, limit, { files, where: limitPlace })
      const later = new Set(
        unmatched.flatMap(({ term, problem }) => (maySelect(term, additions) ? [problem] : [])),
      )
      const left = problems.filter((problem) => !later.has(problem))
      // Without any host now, no task could add one.
      return left.length === 0 && later.size > 0 && within(inventory)?.size === 0 ? problems : left
    },
  }
}

/**
 * Whether the variables of a play's hosts are known when the files are read: tasks may put a host into a group that
 * sets some.
 */
export function hasKnownVariables({ additions }: ChosenPlay, inventory: Inventory): boolean {
  const names = additions.flatMap(({ groups }) => groups)
  if (names.length === 0) return true
  return inventory.namesIn((name) => names.some((pattern) => fits(name, pattern))).size === 0
}

const noneLeft: Problem = {
  code: 'nothing-to-rerun',
  message: 'the hosts that failed in the last run are not in the inventory or not within --limit any more',
  hint: 'leave --rerun-failed out, or check --limit',
}
