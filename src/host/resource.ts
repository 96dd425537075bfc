/**
 * Names of the resources that a read depends on and a change affects, machine first: `pve1 file:/etc/x`,
 * `pve1 package:dkms`, `pve1 container:101`.
 *
 * Predictions, kept answers and the locks of tasks use these names as keys.
 */
import type { Brand, HostName } from '../base/brand.ts'

/** A thing on one machine, without the machine: `file:/etc/x`. */
export type Resource = Brand<string, 'Resource'>

/** A resource, or with a final `*` all resources with that prefix; `*` alone is everything on the machine. */
export type ResourcePattern = Resource | `${string}:${string}` | '*'

/** Resources that a container shares with its node, except `ownOfContainers`. */
export const shared = ['file:/proc/', 'file:/sys/', 'kernelModule:', 'kernel:'] as const

/** Separate in each container (namespaces(7)): the network stack, the host's names and the processes. */
const ownOfContainers = [
  'file:/proc/sys/net/',
  'file:/proc/sys/kernel/hostname',
  'file:/proc/sys/kernel/domainname',
  'file:/proc/net/',
  'file:/proc/self/',
] as const

/** Whether this resource or pattern is the same in a container and on its node. */
export function isShared(name: string): boolean {
  return (
    shared.some((prefix) => name.startsWith(prefix)) && !ownOfContainers.some((own) => name.startsWith(own))
  )
}

export function resource(kind: string, name: string): Resource {
  return `${kind}:${name}` as Resource
}

/** A resource with its machine: the host that is read, or the node for `host.node`. */
export function onMachine(machine: HostName, what: Resource): string {
  return `${machine} ${what}`
}

/** Whether two patterns can mean the same resource. */
export function overlaps(a: string, b: string): boolean {
  const [prefixA, prefixB] = [prefixOf(a), prefixOf(b)]
  if (prefixA === undefined && prefixB === undefined) return a === b
  if (prefixA === undefined) return a.startsWith(prefixB ?? '')
  if (prefixB === undefined) return b.startsWith(prefixA)
  return prefixA.startsWith(prefixB) || prefixB.startsWith(prefixA)
}

function prefixOf(pattern: string): string | undefined {
  return pattern.endsWith('*') ? pattern.slice(0, -1) : undefined
}
