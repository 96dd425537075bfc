import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ctid: {
      type: ['string', 'integer'],
      default: '',
      description: 'The container; left out: the one that the task runs for',
    },
    restart: {
      enum: ['auto', 'never', 'observe'],
      default: 'auto',
      description:
        '`auto`: a running container whose NVIDIA devices are not those of its configuration is restarted; `never`: that is only told; `observe`: only whether it runs is looked at',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      default: 60,
      description: 'Seconds that the container gets for a clean shutdown',
    },
    lock_timeout: {
      type: 'integer',
      minimum: 0,
      default: 60,
      description: 'Seconds to wait for a backup or the like to end',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['ctid', 'running', 'restart_pending'],
  properties: {
    ctid: { type: 'string' },
    running: { type: 'boolean' },
    restart_pending: {
      type: 'boolean',
      description: 'Whether what runs is not what is configured, and the container is left as it is',
    },
  },
} as const

export type Args = FromSchema<typeof args>
