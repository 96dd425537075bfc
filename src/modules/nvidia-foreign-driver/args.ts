import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/driver-version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'Required driver version' },
    policy: {
      enum: ['refuse', 'remove'],
      default: 'refuse',
      description:
        'If driver packages from Debian or from an NVIDIA apt repository are installed. `refuse`: fail; `remove`: remove them',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['packages'],
  properties: {
    packages: { type: 'array', items: { type: 'string' }, description: 'Installed driver packages' },
  },
} as const

export type Args = FromSchema<typeof args>
