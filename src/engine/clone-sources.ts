/**
 * The containers that others are clones of: those of the inventory that the variable `lxc_container_clone` (role
 * `lxc_container`) names by their CTID, on the same node.
 */
import type { HostName } from '../base/brand.ts'
import { InputError, type Problem } from '../base/errors.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { placementOf } from '../fleet/targets.ts'
import { hostOf, type Inventory } from '../inventory/inventory-model.ts'
import { problem } from '../language/source.ts'

const cloneVariable = 'lxc_container_clone'

/** Reads the variables of the hosts; those that cannot be rendered are reported by the play of their host. */
export function cloneSources(
  hosts: readonly HostName[],
  fleet: Pick<Fleet, 'variable' | 'variables'>,
): ReadonlyMap<HostName, HostName> {
  const containers = hosts.flatMap((host) => {
    try {
      const { nodeName: node, ctid } = placementOf(fleet.variable(host))
      if (node === undefined || ctid === undefined) return []
      const clone = fleet.variables(host).scope().get(cloneVariable)
      return [{ host, key: `${node} ${ctid}`, source: `${node} ${String(clone)}` }]
    } catch (error) {
      if (error instanceof InputError) return []
      throw error
    }
  })
  const byKey = new Map(containers.map(({ host, key }) => [key, host]))
  return new Map(
    containers.flatMap(({ host, source }) => {
      const found = byKey.get(source)
      return found === undefined || found === host ? [] : [[host, found] as const]
    }),
  )
}

/** Containers that would wait for each other. */
export function checkSources(
  sources: ReadonlyMap<HostName, HostName>,
  inventory: Inventory,
): readonly Problem[] {
  const reported = new Set<HostName>()
  return [...sources.keys()].flatMap((host) => {
    const circle = circleOf(host, sources)
    if (circle.length === 0 || reported.has(host)) return []
    for (const member of circle) reported.add(member)
    const where = hostOf(inventory, host)?.variables.get(cloneVariable)?.where
    return [
      problem('clone-cycle', circle.map((member, index) => clause(member, index, sources)).join(', '), {
        where,
        hint: 'create one of them from an archive (lxc_container_archive)',
      }),
    ]
  })
}

function clause(host: HostName, index: number, sources: ReadonlyMap<HostName, HostName>): string {
  return `${host} ${index === 0 ? 'is a clone ' : ''}of ${sources.get(host) ?? ''}`
}

/** The host and its sources, if they lead back to it; otherwise nothing. */
export function circleOf(host: HostName, sources: ReadonlyMap<HostName, HostName>): readonly HostName[] {
  const path = [host]
  for (let next = sources.get(host); next !== undefined; next = sources.get(next)) {
    if (next === host) return path
    if (path.includes(next)) return []
    path.push(next)
  }
  return []
}
