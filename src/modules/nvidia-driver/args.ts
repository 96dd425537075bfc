import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'runfile', 'module_type'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'The wanted driver version' },
    runfile: {
      type: 'string',
      pattern: '^/',
      description: 'The `.run` on the node, with its `.sha256` beside it',
    },
    module_type: { enum: ['open', 'proprietary'], description: 'Kind of kernel modules to install' },
    enforce_type: {
      type: 'boolean',
      default: false,
      description: 'Whether a driver of this version with the other kind of modules is installed anew',
    },
    timeout: {
      type: 'integer',
      minimum: 60,
      default: 3600,
      description: 'Seconds for building and installing',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['options'],
  properties: {
    options: {
      type: 'array',
      items: { type: 'string' },
      description: 'Options for the installer of this version',
    },
  },
} as const

export type Args = FromSchema<typeof args>
