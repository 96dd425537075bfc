/** Arguments that the modules for a container's configuration share. */
import type { ResourcePattern } from '../../host/resource.ts'

export const ctid = {
  type: ['string', 'integer'],
  default: '',
  description: 'CTID; default: the container that the task runs for',
} as const

/** What a task may change if its arguments are not known: its container, or any. */
export function mayChangeContainer({
  ctid: given,
}: Readonly<Record<string, unknown>>): readonly ResourcePattern[] {
  const known = typeof given === 'number' || (typeof given === 'string' && given !== '')
  return known
    ? [`container:${String(given)}`, `file:/etc/pve/lxc/${String(given)}.conf`]
    : ['container:*', 'file:/etc/pve/lxc/*']
}

export const configLockTimeout = {
  type: 'integer',
  minimum: 0,
  default: 60,
  description: "Seconds to wait for Proxmox's lock, and for a backup or another locked operation to finish",
} as const

/** For modules that only wait for a lock, because Proxmox itself changes the container. */
export const lockTimeout = {
  type: 'integer',
  minimum: 0,
  default: 60,
  description: 'Seconds to wait for a backup or another locked operation to finish',
} as const

export const ostypes = {
  type: 'array',
  items: { type: 'string', pattern: '^[a-zA-Z0-9]+$' },
  default: [],
  description: 'Refuse a container whose `ostype` is not in this list; empty: allow all',
} as const
