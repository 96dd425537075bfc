import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 86400,
      default: 600,
      description: 'Time limit in seconds, after `delay`',
    },
    delay: {
      type: 'integer',
      minimum: 0,
      maximum: 86400,
      default: 0,
      description: 'Seconds to wait first, such as for a host that still has to go down',
    },
    sleep: {
      type: 'integer',
      minimum: 1,
      maximum: 3600,
      description: 'Seconds between two attempts; default: from 0.2 to 5, growing',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['boot_id'],
  properties: { boot_id: { type: 'string', description: 'Identifies the current boot of the host' } },
} as const

export type Args = FromSchema<typeof args>
