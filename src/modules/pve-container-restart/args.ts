import type { FromSchema } from 'json-schema-to-ts'
import { ctid, lockTimeout } from '../support/container-args.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ctid,
    restart: {
      enum: ['auto', 'never', 'observe'],
      default: 'auto',
      description:
        '`auto`: restart it if its NVIDIA devices differ from its configuration; `never`: only report that; `observe`: only report whether it runs',
    },
    features: {
      type: 'array',
      items: { enum: ['nesting', 'keyctl'] },
      default: [],
      description:
        'Also restart it if its configuration has one of these features, but it was started without it',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      default: 120,
      description: 'Seconds to wait for a clean shutdown',
    },
    force: {
      type: 'boolean',
      default: false,
      description: 'Kill it if it does not shut down in that time, instead of failing',
    },
    lock_timeout: lockTimeout,
  },
} as const

export const result = {
  type: 'object',
  required: ['ctid', 'running', 'restart_pending'],
  properties: {
    ctid: { type: 'string' },
    running: { type: 'boolean' },
    restart_pending: {
      type: 'boolean',
      description:
        'True if the container has other devices or features than configured and was not restarted',
    },
  },
} as const

export type Args = FromSchema<typeof args>
