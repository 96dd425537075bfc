import type { FromSchema } from 'json-schema-to-ts'
import { contentProperties, contentResult } from '../support/file-content.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['src', 'dest'],
  properties: {
    src: {
      type: 'string',
      minLength: 1,
      description:
        "Handlebars template in the role's `templates/` or next to the playbook, or an absolute path",
    },
    content: {
      type: 'string',
      description: 'The rendered text; set from `src`, never in a playbook',
    },
    ...contentProperties,
  },
} as const

export const result = contentResult

export type Args = FromSchema<typeof args>
