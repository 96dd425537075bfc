import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'
import { driverVersionPattern } from '../../nvidia/driver-version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'module_type'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'Driver version, "580.95.05"' },
    module_type: {
      enum: ['open', 'proprietary'],
      description: 'Type of the kernel modules, for a node that has none from packages',
    },
    enforce_type: {
      type: 'boolean',
      default: false,
      description: 'Replace installed kernel modules of the other type',
    },
    kernels: {
      type: 'array',
      items: { type: 'string', pattern: '^[0-9][A-Za-z0-9.+~_-]*$' },
      default: [],
      description: 'Releases of kernels to build the driver for, besides the running one',
    },
    foreign: {
      enum: ['refuse', 'remove'],
      default: 'refuse',
      description: 'If a driver from a `.run` is installed. `refuse`: fail; `remove`: replace it',
    },
    directory: {
      type: 'string',
      pattern: absolutePath,
      default: '/var/cache/gpuplay',
      description: 'Directory of the `.run` on the node, for the way back',
    },
    install: {
      type: 'boolean',
      default: true,
      description: 'Otherwise only check that the version is offered, and pin it',
    },
    proxy: { type: 'string', default: '', description: 'Proxy for apt' },
    timeout: {
      type: 'integer',
      minimum: 1,
      default: 3600,
      description: 'Time limit for apt in seconds; it builds the kernel modules',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['packages'],
  properties: {
    packages: {
      type: 'array',
      items: { type: 'string' },
      description: 'Installed driver packages that have the version of the driver',
    },
  },
} as const

export type Args = Required<FromSchema<typeof args>>
