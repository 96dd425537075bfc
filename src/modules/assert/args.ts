import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['that'],
  properties: {
    that: {
      type: 'array',
      minItems: 1,
      items: { type: 'boolean' },
      description: 'Conditions; all must be true',
    },
    fail_msg: { type: 'string', minLength: 1, description: 'Message if a condition is false' },
    success_msg: { type: 'string', minLength: 1, description: 'Message if all are true' },
  },
} as const

export const result = {
  type: 'object',
  required: ['msg'],
  properties: { msg: { type: 'string', description: 'The message' } },
} as const

export type Args = FromSchema<typeof args>
