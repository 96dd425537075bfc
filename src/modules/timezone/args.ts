import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      pattern: '^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$',
      title: 'a time zone such as Europe/Berlin or UTC',
      description: 'The time zone, such as `Europe/Berlin` or `UTC`',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['name'],
  properties: {
    name: {
      type: ['string', 'null'],
      description: 'The time zone; null if /etc/localtime is not a link to one',
    },
  },
} as const

export type Args = FromSchema<typeof args>
