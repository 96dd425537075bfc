import type { FromSchema } from 'json-schema-to-ts'
import { attributeProperties } from '../support/attributes.ts'
import { absolutePath } from '../../base/posix-paths.ts'

const pattern = { type: 'string', minLength: 1, maxLength: 1000 } as const

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: { type: 'string', pattern: absolutePath, description: 'The file' },
    state: {
      enum: ['present', 'absent'],
      default: 'present',
      description: 'Whether the line must be there',
    },
    line: { type: 'string', pattern: '^[^\\r\\n]*$', description: 'The line, without its newline' },
    regexp: {
      ...pattern,
      description:
        'Regular expression (RE2). `present`: replace the last matching line with `line`; `absent`: remove all matching lines',
    },
    insertafter: {
      ...pattern,
      description:
        'Insert a new line after the last line that matches this, or at `EOF` (also if no line matches)',
    },
    insertbefore: {
      ...pattern,
      description: 'Insert a new line before the last line that matches this, or at `BOF`',
    },
    create: { type: 'boolean', default: false, description: 'Create the file if it does not exist' },
    backup: {
      type: 'boolean',
      default: false,
      description: 'Keep a copy of the old file, with the time in its name',
    },
    ...attributeProperties,
  },
} as const

export const args = {
  ...shape,
  anyOf: [{ required: ['line'] }, { required: ['regexp'] }],
  not: { required: ['insertafter', 'insertbefore'] },
} as const

export const result = {
  type: 'object',
  required: ['found'],
  properties: {
    found: { type: 'integer', description: 'Number of lines that match `regexp`, or equal `line`' },
  },
} as const

export type Args = FromSchema<typeof shape>
