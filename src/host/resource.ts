/**
 * What a read looked at and what a change touches, machine first: `pve1 file:/etc/x`, `pve1 package:dkms`, `pve1 container:101`.
 *
 * The overlay of a dry run, read-ahead and the holding of resources are keyed by these.
 */
import { type Brand, type HostName } from '../base/brand.ts'

/** A thing on one machine, without the machine: `file:/etc/x`. */
export type Resource = Brand<string, 'Resource'>

export type ResourceKind =
  'file' | 'package' | 'unit' | 'kernelModule' | 'container' | 'command' | 'kernel' | 'space' | 'http' | 'ask'

export function resource(kind: ResourceKind, name: string): Resource {
  return `${kind}:${name}` as Resource
}

/** A resource with its machine; the machine is the host that is read, or the node for `host.node`. */
export function onMachine(machine: HostName, what: Resource): string {
  return `${machine} ${what}`
}
