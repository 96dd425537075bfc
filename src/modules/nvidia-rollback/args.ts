import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/driver-version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: {
      type: 'string',
      pattern: driverVersionPattern,
      description: 'Driver version from which to return; without `to`, a node with another one keeps it',
    },
    to: {
      type: 'string',
      pattern: `^$|${driverVersionPattern}`,
      default: '',
      description: 'Driver version for every node; if empty, the one before',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['version'],
  properties: { version: { type: 'string', description: 'Driver version that the node gets, or keeps' } },
} as const

type Schema = FromSchema<typeof args>
/** The arguments with their defaults filled in. */
export type Args = Required<Schema>
