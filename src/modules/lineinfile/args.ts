import type { FromSchema } from 'json-schema-to-ts'
import { attributeProperties } from '../support/attributes.ts'
import { absolutePath } from '../support/paths.ts'

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
      description: 'Whether the line is to be there',
    },
    line: { type: 'string', pattern: '^[^\\r\\n]*$', description: 'The line, without its end' },
    regexp: {
      ...pattern,
      description:
        'Regular expression (RE2). `present`: the last line that it finds becomes `line`; `absent`: all that it finds go',
    },
    insertafter: {
      ...pattern,
      description:
        'Where a new line goes: after the last line that this finds, or `EOF` (also when nothing is found)',
    },
    insertbefore: {
      ...pattern,
      description: 'Where a new line goes: before the last line that this finds, or `BOF`',
    },
    create: { type: 'boolean', default: false, description: 'Makes the file where there is none' },
    backup: {
      type: 'boolean',
      default: false,
      description: 'Keeps a copy of what was there, named with the time',
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
  properties: { found: { type: 'integer', description: 'Lines that `regexp` finds, or that equal `line`' } },
} as const

export type Args = FromSchema<typeof shape>
