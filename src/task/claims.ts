/**
 * Locks that a window holds while it is sent, so that no host plans on resources that another one is
 * changing.
 */
import type { Claim } from '../fleet/holds.ts'
import type { Machine } from '../fleet/machine.ts'
import type { Action } from '../host/action.ts'
import { allEffects, heldBy } from '../host/effects.ts'

/**
 * An action that takes a machine down holds the machine, its containers and the members of its cluster
 * exclusively. Every other action holds the machine shared and its own resources exclusively.
 */
export function claimsOf(actions: readonly Action[], machine: Machine): readonly Claim[] {
  const claims: Claim[] = []
  for (const action of actions) {
    const target = action.on === 'node' && machine.node ? machine.node : machine
    if (action.kind === 'reboot') {
      claims.push({ key: `machine ${target.name}`, mode: 'exclusive' })
      for (const slot of action.slots) claims.push({ key: `reboot ${slot}`, mode: 'exclusive' })
      continue
    }
    if (action.kind === 'containerPower') {
      const container = target.containers.find((candidate) => candidate.placement.ctid === action.ctid)
      if (container) claims.push({ key: `machine ${container.name}`, mode: 'exclusive' })
    }
    claims.push({ key: `machine ${target.name}`, mode: 'shared' })
    if (target.node) claims.push({ key: `machine ${target.node.name}`, mode: 'shared' })
    if (action.lock?.kind === 'dpkg') claims.push({ key: `${target.name} dpkg`, mode: 'exclusive' })
    for (const effect of allEffects(action)) {
      const where = effect.on === 'node' && machine.node ? machine.node : target
      const held = heldBy(effect)
      if (held !== undefined) claims.push({ key: `${where.name} ${held}`, mode: 'exclusive' })
    }
  }
  return claims
}
