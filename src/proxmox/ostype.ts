/** The distribution of a container as Proxmox VE knows it, before anything runs in it. */
import type { Refusal } from '../host/plan.ts'
import type { ContainerConfig } from './container-config.ts'

/** `debian`, `alpine`, `unmanaged`, ...; undefined if the configuration does not say. */
export function ostypeOf({ current }: ContainerConfig): string | undefined {
  return current.settings.get('ostype')
}

/**
 * Set if the container has an `ostype` that is not in the list. An empty list allows all. A configuration
 * without `ostype` says nothing.
 */
export function otherOstype(
  ctid: string,
  config: ContainerConfig,
  allowed: readonly string[],
): Refusal | undefined {
  const ostype = ostypeOf(config)
  if (ostype === undefined || allowed.length === 0 || allowed.includes(ostype)) return undefined
  return {
    code: 'unsupported-distribution',
    message: `container ${ctid} has the distribution ${ostype}, which is not supported: ${allowed.join(', ')}`,
    hint: 'use a Debian or Ubuntu container',
    exitCode: 2,
  }
}
