/** Selects the hosts of each play from the inventory. */
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import type { Inventory } from '../inventory/inventory-model.ts'
import { limitPlace, resolveLimit, resolvePattern } from '../inventory/pattern.ts'
import { displayName } from '../language/display-name.ts'
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
}

export interface Selection {
  readonly plays: readonly ChosenPlay[]
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
  readonly environment: LocalSources['environment']
}

export function select(options: SelectionOptions): Selection {
  const { playbooks, inventory, limit, onlyHosts, extra, files, environment } = options
  const limited =
    limit === undefined ? undefined : resolveLimit(inventory, limit, { files, where: limitPlace })
  const within = limited === undefined ? undefined : new Set(limited.hosts.map((host) => host.name))
  const allowed = (name: HostName): boolean =>
    (within?.has(name) ?? true) && (onlyHosts?.includes(name) ?? true)
  const problems: Problem[] = []
  const warnings: Problem[] = []
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
      const known = { name, pattern, after: play.after, play, playbook, hostsKnown }
      if (found.pattern === undefined || found.problems.length > 0) return { ...known, hosts: [] }
      const { hosts, problems: odd } = resolvePattern(inventory, pattern, play.hosts.where)
      warnings.push(...odd)
      return { ...known, hosts: hosts.map((host) => host.name).filter(allowed) }
    }),
  )
  const used = new Set(plays.flatMap((play) => play.hosts))
  const all = [...inventory.hosts.keys(), inventory.localhost.name]
  return {
    plays,
    hosts: [...new Set(all)].filter((name) => used.has(name)),
    reachable: [...inventory.hosts.keys()].filter(allowed),
    problems: [
      ...problems,
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
