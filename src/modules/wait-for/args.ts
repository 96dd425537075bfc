import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  properties: {
    path: { type: 'string', pattern: absolutePath, description: 'Path to wait for' },
    search_regex: {
      type: 'string',
      minLength: 1,
      maxLength: 1000,
      description: 'Regular expression (RE2) that must match in that file',
    },
    port: {
      type: 'integer',
      minimum: 1,
      maximum: 65535,
      description: 'TCP port on which a program must listen on the host',
    },
    state: {
      enum: ['present', 'started', 'absent', 'stopped'],
      default: 'started',
      description: '`present`, `started`: wait until it is there; `absent`, `stopped`: wait until it is gone',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 86400,
      default: 300,
      description: 'Time limit in seconds',
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
  properties: { state: { enum: ['present', 'absent'], description: 'Current state' } },
} as const

export type Args = FromSchema<typeof shape>
