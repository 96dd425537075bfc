import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    file: {
      type: 'string',
      minLength: 1,
      description:
        'The file, relative to the file that includes it. It may be a template with a fixed folder.',
    },
  },
  required: ['file'],
} as const

export const result = { type: 'object', properties: {} } as const

export type Args = FromSchema<typeof args>
