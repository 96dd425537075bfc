import type { FromSchema } from 'json-schema-to-ts'
import { attributeProperties } from '../support/attributes.ts'
import { absolutePath } from '../support/paths.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: { type: 'string', pattern: absolutePath, description: 'What is meant' },
    state: {
      enum: ['file', 'directory', 'link', 'absent', 'touch'],
      default: 'file',
      description:
        '`file`: it must exist, only its attributes are set; `directory`: made with its parents; `link`: a symbolic link to `src`; ' +
        '`absent`: removed, a directory with all in it; `touch`: an empty file unless there is one',
    },
    src: { type: 'string', minLength: 1, description: 'Where a link points to, as written in it' },
    force: {
      type: 'boolean',
      default: false,
      description: 'With `link`: a file or an empty directory in its place is replaced',
    },
    ...attributeProperties,
  },
} as const

export const result = {
  type: 'object',
  required: ['path', 'state'],
  properties: {
    path: { type: 'string', description: 'As asked for' },
    state: {
      enum: ['absent', 'file', 'directory', 'link', 'character', 'block', 'fifo', 'socket'],
      description: 'What is there now',
    },
    mode: { type: 'string', description: 'Four octal digits' },
    owner: { type: 'string', description: 'Name of the user' },
    group: { type: 'string', description: 'Name of the group' },
  },
} as const

export type Args = FromSchema<typeof args>
