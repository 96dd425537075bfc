import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['containers'],
  properties: {
    containers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['ctid'],
        properties: { name: { type: 'string' }, ctid: { type: ['string', 'integer'] } },
      },
      description: 'Containers of this node that are part of the run; the locks of others do not matter',
    },
    timeout: {
      type: 'integer',
      minimum: 0,
      default: 60,
      description: 'Seconds to wait for backups and other operations that lock a container',
    },
  },
} as const

export const result = { type: 'object', properties: {} } as const

type Schema = FromSchema<typeof args>
/** The arguments with their defaults filled in. */
export type Args = Required<Schema>
