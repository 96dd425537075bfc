import type { FromSchema } from 'json-schema-to-ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  properties: {
    seconds: { type: 'integer', minimum: 1, maximum: 86400, description: 'How long to wait' },
    minutes: {
      type: 'integer',
      minimum: 1,
      maximum: 1440,
      description: 'How long to wait, instead of `seconds`',
    },
    prompt: {
      type: 'string',
      minLength: 1,
      description:
        'Question at the terminal, yes or no: the task fails without a yes, or without a terminal. With `run_once: true` it is asked once for all hosts',
    },
  },
} as const

export const args = {
  ...shape,
  anyOf: [{ required: ['seconds'] }, { required: ['minutes'] }, { required: ['prompt'] }],
  not: { required: ['seconds', 'minutes'] },
} as const

export const result = {
  type: 'object',
  required: ['seconds'],
  properties: {
    seconds: { type: 'integer', description: 'Time of the pause, without that of the question' },
  },
} as const

export type Args = FromSchema<typeof shape>
