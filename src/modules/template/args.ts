import type { FromSchema } from 'json-schema-to-ts'
import { contentProperties, contentResult } from '../support/content.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['src', 'dest'],
  properties: {
    src: {
      type: 'string',
      minLength: 1,
      description:
        "A Handlebars template in the role's `templates/` or beside the playbook, or its full path",
    },
    content: {
      type: 'string',
      description: 'The rendered text: filled in from `src`, not for playbooks',
    },
    ...contentProperties,
  },
} as const

export const result = contentResult

export type Args = FromSchema<typeof args>
