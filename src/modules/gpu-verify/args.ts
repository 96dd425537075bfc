import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    version: { type: 'string', default: '', description: 'Of a node: the driver version that is wanted' },
    containers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['ctid'],
        properties: { name: { type: 'string' }, ctid: { type: ['string', 'integer'] } },
      },
      default: [],
      description: 'Of a node: its containers that take part in the run',
    },
    assignment: {
      type: ['string', 'integer', 'array'],
      items: { type: ['string', 'integer'] },
      default: '',
      description: 'Of a container: the GPUs that it is assigned; left out, its GPUs are not looked at',
    },
    cuda: { type: 'string', default: '', description: 'Of a container: the CUDA toolkit that it is to have' },
    user: {
      type: 'string',
      default: '',
      description: 'A user of the container for whom the GPUs must work too; empty: root alone',
    },
    isolation: {
      type: 'boolean',
      default: true,
      description: 'Whether the other GPUs of the node must be closed to the container',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['loaded', 'installed', 'gpus'],
  properties: {
    loaded: { type: ['string', 'null'], description: 'Driver that is loaded on the node' },
    installed: { type: ['string', 'null'], description: 'User space of the host' },
    gpus: { type: 'array', items: { type: 'string' }, description: 'UUIDs of the GPUs that it sees' },
  },
} as const

type Schema = FromSchema<typeof args>
/** Defaults are filled in before the module is asked. */
export type Args = Required<Schema>
