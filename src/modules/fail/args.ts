import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    msg: {
      type: 'string',
      minLength: 1,
      default: 'failed as requested by the task',
      description: 'Reason for the failure',
    },
    hint: { type: 'string', minLength: 1, description: 'How to fix the problem' },
  },
} as const

export const result = { type: 'object', properties: {} } as const

export type Args = FromSchema<typeof args>
