import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    state: {
      enum: ['present', 'absent'],
      default: 'present',
      description: '`present`: prevent apt from installing NVIDIA driver packages; `absent`: allow it',
    },
  },
} as const

export const result = { type: 'object', properties: {} } as const

type Schema = FromSchema<typeof args>
/** The arguments with their defaults filled in. */
export type Args = Required<Schema>
