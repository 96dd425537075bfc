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
    search_string: {
      ...pattern,
      description: 'Text instead of `regexp`: a line that contains it matches',
    },
    backrefs: {
      type: 'boolean',
      default: false,
      description:
        'In `line`, `\\1` and `\\g<name>` are groups of `regexp`. If no line matches, the file is not changed',
    },
    firstmatch: {
      type: 'boolean',
      default: false,
      description: 'If several lines match, use the first of them instead of the last',
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
  anyOf: [{ required: ['line'] }, { required: ['regexp'] }, { required: ['search_string'] }],
  not: {
    anyOf: [{ required: ['insertafter', 'insertbefore'] }, { required: ['regexp', 'search_string'] }],
  },
} as const

export const result = {
  type: 'object',
  required: ['found'],
  properties: {
    found: {
      type: 'integer',
      description: 'Number of lines that match `regexp` or `search_string`, or equal `line`',
    },
  },
} as const

export type Args = FromSchema<typeof shape>
