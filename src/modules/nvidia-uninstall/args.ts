import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    timeout: {
      type: 'integer',
      minimum: 1,
      default: 900,
      description: 'Time limit for the uninstaller in seconds',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['configured', 'running'],
  properties: {
    configured: {
      type: 'boolean',
      description: 'In a container: whether gpuplay has passed GPUs to it, or taken them away',
    },
    running: { type: 'boolean', description: 'False for a stopped container' },
  },
} as const

type Schema = FromSchema<typeof args>
/** The arguments with their defaults filled in. */
export type Args = Required<Schema>
