import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['features'],
  properties: {
    ctid: {
      type: ['string', 'integer'],
      default: '',
      description: 'CTID; default: the container that the task runs for',
    },
    features: {
      type: 'array',
      items: { enum: ['nesting', 'keyctl'] },
      description:
        'Features to turn on; `keyctl` only in an unprivileged container, since a privileged one always has it. Others are kept',
    },
    ostypes: {
      type: 'array',
      items: { type: 'string', pattern: '^[a-zA-Z0-9]+$' },
      default: [],
      description: 'Refuse a container whose `ostype` is not in this list; empty: allow all',
    },
    lock_timeout: {
      type: 'integer',
      minimum: 0,
      default: 60,
      description:
        "Seconds to wait for Proxmox's lock, and for a backup or another locked operation to finish",
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['ctid', 'unprivileged'],
  properties: {
    ctid: { type: 'string' },
    unprivileged: {
      type: 'boolean',
      description: "True if the container's root is another user on the node",
    },
  },
} as const

type Schema = FromSchema<typeof args>
/** The arguments with their defaults filled in. */
export type Args = Required<Schema>
