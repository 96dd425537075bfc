import type { FromSchema } from 'json-schema-to-ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  properties: {
    msg: { default: 'Hello world!', description: 'Message: text, or any value' },
    warning: {
      type: 'boolean',
      default: false,
      description: 'Print the message as a warning',
    },
    var: { description: 'Expression whose value to print, such as `result` or `result.stdout_lines`' },
  },
} as const

export const args = shape

export const result = {
  type: 'object',
  required: ['msg'],
  properties: { msg: { description: 'The message' } },
} as const

export type Args = FromSchema<typeof shape>
