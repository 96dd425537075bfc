import type { FromSchema } from 'json-schema-to-ts'
import { pathProperty, textFileProperties } from '../support/text-file.ts'
import { patternProperty as pattern } from '../support/text-lines.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['path', 'regexp'],
  properties: {
    path: pathProperty,
    regexp: {
      ...pattern,
      description:
        'Regular expression (RE2); every match is replaced. `^` and `$` match at each line; write `(?s)` for a `.` that also matches line breaks',
    },
    replace: {
      type: 'string',
      default: '',
      description:
        'The new text; `\\1` and `\\g<name>` are groups of `regexp`, `\\n` a line break, `\\\\` a backslash. Default: remove the match',
    },
    after: { ...pattern, description: 'Replace only after the first match of this' },
    before: {
      ...pattern,
      description:
        'Replace only before the last match of this; with `after`, before the first match that follows',
    },
    ...textFileProperties,
  },
} as const

export const result = {
  type: 'object',
  required: ['found'],
  properties: { found: { type: 'integer', description: 'Number of matches in the part that is searched' } },
} as const

export type Args = FromSchema<typeof args>
