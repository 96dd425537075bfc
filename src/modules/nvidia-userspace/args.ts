import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    directory: {
      type: 'string',
      pattern: '^/',
      default: '/var/cache/gpuplay',
      description: 'Where the node keeps its `.run`',
    },
    capabilities: {
      type: 'array',
      items: { enum: ['compute', 'utility', 'video', 'graphics'] },
      default: ['compute', 'utility', 'video'],
      description: 'What is installed: the first three always are; `graphics` adds OpenGL, EGL and Vulkan',
    },
    foreign: {
      enum: ['refuse', 'remove'],
      default: 'refuse',
      description: 'What to do with driver packages of the distribution or of an apt repository',
    },
    proxy: { type: 'string', default: '', description: 'Proxy for apt' },
    wait: {
      type: 'integer',
      minimum: 0,
      default: 120,
      description: 'Seconds in which the container must have come up',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      default: 900,
      description: 'Seconds that the installer gets',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['running', 'version', 'installed'],
  properties: {
    running: { type: 'boolean', description: 'False: the container is stopped, and its user space pending' },
    version: { type: ['string', 'null'], description: 'What the node has loaded' },
    installed: { type: ['string', 'null'], description: 'What the container has' },
  },
} as const

type Schema = FromSchema<typeof args>
/** Defaults are filled in before the module is asked. */
export type Args = Required<Schema>
