import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../support/paths.ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  properties: {
    path: { type: 'string', pattern: absolutePath, description: 'A path that must exist' },
    search_regex: {
      type: 'string',
      minLength: 1,
      maxLength: 1000,
      description: 'Regular expression (RE2) that must find something in that file',
    },
    port: {
      type: 'integer',
      minimum: 1,
      maximum: 65535,
      description: 'A TCP port on which something must listen on the host itself',
    },
    state: {
      enum: ['present', 'started', 'absent', 'stopped'],
      default: 'started',
      description:
        '`present` and `started` mean the same, and so do `absent` and `stopped`: that it is not so',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 86400,
      default: 300,
      description: 'Seconds until it is given up',
    },
  },
} as const

export const args = {
  ...shape,
  oneOf: [{ required: ['path'] }, { required: ['port'] }],
  dependentRequired: { search_regex: ['path'] },
} as const

export const result = {
  type: 'object',
  required: ['state'],
  properties: { state: { enum: ['present', 'absent'], description: 'As it is now' } },
} as const

export type Args = FromSchema<typeof shape>
