import type { FromSchema } from 'json-schema-to-ts'
import { contentProperties, contentResult } from '../support/file-content.ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['dest'],
  properties: {
    src: {
      type: 'string',
      minLength: 1,
      description: "File in the role's `files/` or next to the playbook, or an absolute path",
    },
    remote_src: {
      type: 'boolean',
      default: false,
      description: '`src` is a file of the host, given by its absolute path',
    },
    content: { type: 'string', description: 'Text to write, instead of `src`' },
    ...contentProperties,
  },
} as const

export const args = { ...shape, oneOf: [{ required: ['src'] }, { required: ['content'] }] } as const

export const result = contentResult

export type Args = FromSchema<typeof shape>
