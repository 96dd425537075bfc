import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'The wanted driver version' },
    reload: {
      type: 'boolean',
      default: true,
      description:
        'Whether another version is unloaded, which stops the containers of this run that have a GPU for a moment',
    },
    containers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['ctid'],
        properties: { name: { type: 'string' }, ctid: { type: ['string', 'integer'] } },
      },
      default: [],
      description: 'Containers of this node that take part in the run; no other is stopped',
    },
    stop_timeout: {
      type: 'integer',
      minimum: 1,
      default: 60,
      description: 'Seconds that a container gets for a clean shutdown',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['pending', 'loaded'],
  properties: {
    loaded: { type: ['string', 'null'], description: 'Version of the loaded driver' },
    pending: { type: 'boolean', description: 'Whether only a restart of the node loads the wanted version' },
  },
} as const

export type Args = FromSchema<typeof args>
