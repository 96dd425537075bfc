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
        '`file`: must exist, only its attributes are set; `directory`: created with its parents; `link`: a symbolic link to `src`; ' +
        '`absent`: removed, directories recursively; `touch`: an empty file is created if there is none',
    },
    src: { type: 'string', minLength: 1, description: 'Target of the link, exactly as given' },
    force: {
      type: 'boolean',
      default: false,
      description: 'With `link`: replace a file or an empty directory in its place',
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
