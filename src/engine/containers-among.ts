import type { HostName } from '../base/brand.ts'
import { InputError } from '../base/errors.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { placementOf } from '../fleet/targets.ts'

/** The containers among the hosts, each with its node, as `run.started` lists them. */
export function containersAmong(
  hosts: readonly HostName[],
  fleet: Pick<Fleet, 'variable'>,
): Readonly<Record<string, { readonly node: string; readonly ctid: string }>> {
  const places = hosts.flatMap((host) => {
    try {
      const { nodeName: node, ctid } = placementOf(fleet.variable(host))
      return node === undefined || ctid === undefined ? [] : [[host, { node, ctid }] as const]
    } catch (error) {
      // A variable that cannot be rendered is reported by the play of its host.
      if (error instanceof InputError) return []
      throw error
    }
  })
  return Object.fromEntries(places)
}
