import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'The wanted driver version' },
    policy: {
      enum: ['refuse', 'remove'],
      default: 'refuse',
      description: 'What to do with driver packages of Debian or of an apt repository of NVIDIA',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['packages'],
  properties: {
    packages: { type: 'array', items: { type: 'string' }, description: 'Driver packages that are installed' },
  },
} as const

export type Args = FromSchema<typeof args>
