/**
 * Plays in segments. A play whose tasks may change the inventory (`group_by`, `add_host`) ends one: when all hosts have
 * ended it, the plays of the next segment select their hosts from the changed inventory.
 */
import type { HostName } from '../base/brand.ts'
import { exitCodes, type Problem } from '../base/errors.ts'
import type { Inventory, InventoryHost } from '../inventory/inventory-model.ts'
import { hostOf } from '../inventory/inventory-model.ts'
import { splitPattern } from '../inventory/pattern.ts'
import { unreadableSettings } from '../inventory/relations.ts'
import { blindKeys } from '../language/encrypted/keyring.ts'
import { type InventoryTask, maySelect } from '../language/inventory-tasks.ts'
import { earlyContainers, inBatches, type SelectedPlay } from './batches.ts'
import { checkRolesOnHosts } from './check-role-arguments.ts'
import { checkSources, circleOf, cloneSources } from './clone-sources.ts'
import { findCycles } from './cycles.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { RefusedHost, RunDependencies } from './request.ts'
import { hasKnownVariables, inOrder } from './selection.ts'

export interface Segment {
  readonly plays: readonly SelectedPlay[]
  /** Its hosts that no play had before, in the order of the inventory. */
  readonly joined: readonly HostName[]
  /** Hosts on which the plays must not start, since their variables are wrong. */
  readonly refused: ReadonlyMap<HostName, RefusedHost>
  /** The source of each host that is a clone. */
  readonly sources: ReadonlyMap<HostName, HostName>
  readonly warnings: readonly string[]
}

/** Divides the plays where the inventory may change. */
export function segmentsOf(plays: readonly SelectedPlay[]): readonly (readonly SelectedPlay[])[] {
  const segments: SelectedPlay[][] = []
  let additions = -1
  for (const play of plays) {
    if (play.additions.length > additions) segments.push([])
    additions = play.additions.length
    segments.at(-1)?.push(play)
  }
  return segments
}

/** Makes the changes of the inventory count, and selects the hosts of the next plays. */
export function nextSegment(
  plays: readonly SelectedPlay[],
  {
    prepared,
    dependencies,
    before,
  }: {
    readonly prepared: PreparedRun
    readonly dependencies: Pick<RunDependencies, 'world' | 'files'>
    /** The hosts of all plays so far. */
    readonly before: ReadonlySet<HostName>
  },
): Segment {
  const { loaded, context } = prepared
  const { fleet, liveInventory } = context
  liveInventory.commit()
  const inventory = liveInventory.now
  const nodeOf = (host: HostName): HostName | undefined => fleet.nodeOf(host)
  const chosen =
    inventory === loaded.inventory ? plays : plays.map((play) => loaded.selection.again(play, inventory))
  const selected = inBatches(chosen, nodeOf)
  const hosts = new Set(selected.flatMap((play) => play.hosts))
  const joined = inOrder(inventory, new Set([...hosts].filter((host) => !before.has(host))))
  const sources =
    joined.length === 0 ? prepared.sources : cloneSources([...new Set([...before, ...joined])], fleet)
  const refused = new Map<HostName, RefusedHost>()
  const refuse = (host: HostName, [problem]: readonly Problem[]): void => {
    if (problem !== undefined && !refused.has(host))
      refused.set(host, { problem, exitCode: exitCodes.invalidInput })
  }
  const { environment } = dependencies.world
  const files = { ...dependencies.files, keys: blindKeys }
  const given = { extra: loaded.extra, localSources: { environment, files, folders: ['.'] } }
  for (const [index, play] of selected.entries()) {
    const checked = new Set(hasKnownVariables(play, loaded.inventory) ? plays[index]?.hosts : [])
    for (const host of play.hosts) {
      const found = hostOf(inventory, host)
      if (found === undefined || (checked.has(host) && isAsBefore(found, loaded.inventory))) continue
      const own = { plays: [{ ...play, hosts: [host] }], problems: [] }
      const variablesOf = (name: HostName) => fleet.variables(name)
      refuse(host, [
        ...inventory.lockedFiles(found),
        ...unreadableSettings(inventory, [host], given),
        ...checkRolesOnHosts(own, variablesOf),
        ...findCycles(own, variablesOf),
      ])
      if (circleOf(host, sources).length > 0) refuse(host, checkSources(sources, inventory))
    }
    for (const { host, problem } of earlyContainers(play, nodeOf)) refuse(host, [problem])
  }
  const warnings = selected.flatMap((play) => mayHaveMore(play, liveInventory.mayHaveAdded))
  return { plays: selected, joined, refused, sources, warnings }
}

function isAsBefore(host: InventoryHost, inventory: Inventory): boolean {
  return hostOf(inventory, host.name) === host
}

/** Dry runs only. */
function mayHaveMore(
  { name, pattern }: SelectedPlay,
  added: readonly { readonly task: InventoryTask; readonly why: string }[],
): readonly string[] {
  const terms = splitPattern(pattern).filter((term) => !/^[&!]/.test(term))
  const [first] = added.filter(({ task }) =>
    terms.some((term) => term === 'all' || term === '*' || maySelect(term, [task])),
  )
  return first === undefined ? [] : [`the play "${name}" may have more hosts: ${first.why}`]
}
