import { absolutePath } from '../../base/posix-paths.ts'
import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    source: {
      enum: ['run', 'apt'],
      default: 'run',
      description:
        "Where the driver comes from. `run`: the node's `.run`; `apt`: packages of the container's own repositories, in the node's version",
    },
    directory: {
      type: 'string',
      pattern: absolutePath,
      default: '/var/cache/gpuplay',
      description: 'Directory of the `.run` on the node',
    },
    capabilities: {
      type: 'array',
      items: { enum: ['compute', 'utility', 'video', 'graphics'] },
      default: ['compute', 'utility', 'video'],
      description:
        'Parts to install. The first three are always installed; `graphics` adds OpenGL, EGL and Vulkan',
    },
    foreign: {
      enum: ['refuse', 'remove'],
      default: 'refuse',
      description: 'If a driver from the other source is installed. `refuse`: fail; `remove`: remove it',
    },
    proxy: { type: 'string', default: '', description: 'Proxy for apt' },
    wait: {
      type: 'integer',
      minimum: 0,
      default: 120,
      description: 'Seconds to wait for the container to finish booting',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      default: 900,
      description: 'Time limit for the installer or apt in seconds',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['running', 'version', 'installed'],
  properties: {
    running: {
      type: 'boolean',
      description: 'False if the container is stopped; then nothing was installed',
    },
    version: { type: ['string', 'null'], description: 'Driver version loaded on the node' },
    installed: { type: ['string', 'null'], description: 'Driver version installed in the container' },
  },
} as const

type Schema = FromSchema<typeof args>
/** The arguments with their defaults filled in. */
export type Args = Required<Schema>
