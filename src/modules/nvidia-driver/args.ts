import { absolutePath } from '../../base/posix-paths.ts'
import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/driver-version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'runfile', 'module_type'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'Required driver version' },
    runfile: {
      type: 'string',
      pattern: absolutePath,
      description: 'The `.run` on the node, with its `.sha256` next to it',
    },
    module_type: { enum: ['open', 'proprietary'], description: 'Kernel modules to install' },
    enforce_type: {
      type: 'boolean',
      default: false,
      description: 'Reinstall the driver if it has the other type of kernel modules',
    },
    kernels: {
      type: 'array',
      items: { type: 'string', pattern: '^[0-9][A-Za-z0-9.+~_-]*$' },
      default: [],
      description: 'Releases of kernels to build the driver for, besides the running one',
    },
    timeout: {
      type: 'integer',
      minimum: 60,
      default: 3600,
      description: 'Time limit for build and installation in seconds',
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
      description: 'Additional options for the installer',
    },
  },
} as const

export type Args = FromSchema<typeof args>
