import type { FromSchema } from 'json-schema-to-ts'
import { accountNamePattern } from '../support/accounts.ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: accountNamePattern, description: 'The group' },
    state: { enum: ['present', 'absent'], default: 'present', description: 'Whether the group exists' },
    gid: {
      type: 'integer',
      minimum: 0,
      maximum: 4294967294,
      description: 'Its ID; default: the next free one',
    },
    system: {
      type: 'boolean',
      default: false,
      description: 'Take the ID of a new group from the range for system groups',
    },
  },
} as const

export const args = shape

export const result = {
  type: 'object',
  required: ['name', 'gid'],
  properties: {
    name: { type: 'string', description: 'The group' },
    gid: { type: ['integer', 'null'], description: 'Its ID; null if there is no such group' },
  },
} as const

export type Args = FromSchema<typeof shape>
