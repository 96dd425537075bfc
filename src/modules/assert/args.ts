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
      description: 'Conditions; all must hold',
    },
    fail_msg: { type: 'string', minLength: 1, description: 'What to say when one does not hold' },
    success_msg: { type: 'string', minLength: 1, description: 'What to say when all hold' },
  },
} as const

export const result = {
  type: 'object',
  required: ['msg'],
  properties: { msg: { type: 'string', description: 'What was said' } },
} as const

export type Args = FromSchema<typeof args>
