import type { FromSchema } from 'json-schema-to-ts'
import { createProperty, pathProperty, textFileProperties } from '../support/text-file.ts'
import { patternProperty as pattern } from '../support/text-lines.ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: pathProperty,
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
    create: createProperty,
    ...textFileProperties,
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
