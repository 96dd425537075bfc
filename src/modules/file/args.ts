import type { FromSchema } from 'json-schema-to-ts'
import { attributeProperties } from '../support/attributes.ts'
import { absolutePath } from '../../base/posix-paths.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: { type: 'string', pattern: absolutePath, description: 'Path of the file, directory or link' },
    state: {
      enum: ['file', 'directory', 'link', 'absent', 'touch'],
      default: 'file',
      description:
        '`file`: set the attributes of an existing file; `directory`: create it with its parents; `link`: create a symbolic link to `src`; ' +
        '`absent`: remove it, directories recursively; `touch`: create an empty file if it does not exist',
    },
    src: { type: 'string', minLength: 1, description: 'Target of the link, exactly as given' },
    force: {
      type: 'boolean',
      default: false,
      description: 'With `link`: replace a file or an empty directory at `path`',
    },
    recurse: {
      type: 'boolean',
      default: false,
      description:
        'With `directory`: set the attributes of everything below it, too; use a symbolic mode with `X`, so that files do not become executable. Links are not followed',
    },
    ...attributeProperties,
  },
} as const

export const result = {
  type: 'object',
  required: ['path', 'state'],
  properties: {
    path: { type: 'string', description: 'As given in the task' },
    state: {
      enum: ['absent', 'file', 'directory', 'link', 'character', 'block', 'fifo', 'socket'],
      description: 'Current state',
    },
    mode: { type: 'string', description: 'Four octal digits' },
    owner: { type: 'string', description: 'Name of the user' },
    group: { type: 'string', description: 'Name of the group' },
  },
} as const

export type Args = FromSchema<typeof args>
