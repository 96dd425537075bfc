import type { FromSchema } from 'json-schema-to-ts'

const name = { type: 'string', minLength: 1, title: 'the name of a group' } as const

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    key: {
      ...name,
      description: 'The group that the host joins; usually a template, such as `os_{{facts.os.id}}`',
    },
    parents: {
      oneOf: [name, { type: 'array', items: name }],
      default: ['all'],
      description: 'Groups that contain the group',
    },
  },
  required: ['key'],
} as const

export const result = { type: 'object', properties: {} } as const

export type Args = FromSchema<typeof args>
