import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    name: {
      type: 'string',
      minLength: 1,
      description: 'The role. It may be a template with a fixed part: `driver_{{facts.os.id}}`.',
    },
    tasks_from: {
      type: 'string',
      minLength: 1,
      description: 'The file in `tasks` of the role that is run instead of `main.yml`.',
    },
  },
  required: ['name'],
} as const

export const result = { type: 'object', properties: {} } as const

export type Args = FromSchema<typeof args>
