/** Finds a guest that is not on the node where the inventory expects it. */
import type { Host } from '../host/host.ts'
import type { Refusal } from '../host/plan.ts'

/** Where the cluster has the guest with this number; a number exists once in a cluster. */
export interface GuestPlace {
  readonly kind: 'container' | 'virtual machine'
  /** Proxmox's name of the node. */
  readonly node: string
}

const kinds = [
  ['container', 'lxc'],
  ['virtual machine', 'qemu-server'],
] as const

/** Undefined if no node of the cluster has it. */
export async function findGuest(host: Host, id: string): Promise<GuestPlace | undefined> {
  const nodes = (await host.list('/etc/pve/nodes')) ?? []
  const places = nodes.flatMap((node) => kinds.map(([kind, directory]) => ({ kind, node, directory })))
  const found = await Promise.all(
    places.map(({ node, directory }) => host.stat(`/etc/pve/nodes/${node}/${directory}/${id}.conf`)),
  )
  return places.find((_, index) => found[index] !== undefined)
}

/** The sentence of a missing container, and what to do. */
export function missingContainer(
  node: string,
  ctid: string,
  place: GuestPlace | undefined,
): Refusal & { readonly hint: string } {
  const problem = { code: 'container-missing', exitCode: 3 } as const
  const message = `${node} has no container ${ctid}`
  if (place === undefined)
    return {
      ...problem,
      message,
      hint: `compare \`pct list\` on ${node} with node and ctid in the inventory`,
    }
  if (place.kind === 'container')
    return {
      ...problem,
      message: `${message}: it is on ${place.node}`,
      hint: `set its node in the inventory to ${place.node}, or migrate it`,
    }
  return {
    ...problem,
    message: `${message}: ${ctid} is a virtual machine on ${place.node}`,
    hint: 'correct its ctid in the inventory',
  }
}
