import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      pattern:
        '^(?=.{1,64}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$',
      title: 'a host name of at most 64 characters: letters, digits, dashes and dots',
      description: 'The name, with or without a domain. /etc/hosts is not changed',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', description: 'The current name' } },
} as const

export type Args = FromSchema<typeof args>
