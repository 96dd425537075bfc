/** Arguments that the modules for a container's configuration share. */

export const ctid = {
  type: ['string', 'integer'],
  default: '',
  description: 'CTID; default: the container that the task runs for',
} as const

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
