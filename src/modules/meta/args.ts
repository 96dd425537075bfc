import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    action: {
      enum: ['flush_handlers', 'end_host', 'end_batch', 'end_play', 'noop'],
      description:
        '`flush_handlers`: the handlers notified so far run now; `end_host`: the play ends on this host, `end_batch`: on ' +
        'all hosts of its batch, `end_play`: on all its hosts; `noop`: nothing',
    },
  },
  required: ['action'],
} as const

export const result = { type: 'object', properties: {} } as const

export type Args = FromSchema<typeof args>
