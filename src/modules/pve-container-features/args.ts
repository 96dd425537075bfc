import { configLockTimeout, ctid, ostypes } from '../support/container-args.ts'
import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['features'],
  properties: {
    ctid,
    features: {
      type: 'array',
      items: { enum: ['nesting', 'keyctl'] },
      description:
        'Features to turn on; `keyctl` only in an unprivileged container, since a privileged one always has it. Others are kept',
    },
    ostypes,
    lock_timeout: configLockTimeout,
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
