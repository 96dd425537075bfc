import type { FromSchema } from 'json-schema-to-ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  properties: {
    msg: { default: 'Hello world!', description: 'What to show: text, or any value' },
    var: { description: 'A value to show as it is, such as `{{ result }}` or a `!cel` expression' },
  },
} as const

export const args = shape

export const result = {
  type: 'object',
  required: ['msg'],
  properties: { msg: { description: 'What was shown' } },
} as const

export type Args = FromSchema<typeof shape>
