import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    state: {
      enum: ['present', 'absent', 'packages'],
      default: 'present',
      description:
        '`present`: prevent apt from installing NVIDIA driver packages; `absent`: allow all versions; `packages`: allow them, and leave the version to the task that installs them',
    },
  },
} as const

export const result = { type: 'object', properties: {} } as const

type Schema = FromSchema<typeof args>
/** The arguments with their defaults filled in. */
export type Args = Required<Schema>
