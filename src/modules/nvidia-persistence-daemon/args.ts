import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    state: {
      enum: ['started', 'stopped'],
      default: 'started',
      description: 'Whether the service of the role nvidia_host runs the daemon',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['unit'],
  properties: {
    unit: { type: ['string', 'null'], description: 'The unit that runs the daemon, after the task' },
  },
} as const

type Schema = FromSchema<typeof args>
/** The arguments with their defaults filled in. */
export type Args = Required<Schema>
