import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['path', 'values'],
  properties: {
    path: {
      type: 'string',
      pattern: absolutePath,
      description: 'The file; it is created if it does not exist',
    },
    values: {
      type: 'object',
      description:
        'Keys that the file must have, with their values. Objects are merged key by key; all other keys of the file are kept',
    },
  },
} as const

export const result = { type: 'object', properties: {} } as const

export type Args = FromSchema<typeof args>
