import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../support/paths.ts'

export const programProperties = {
  creates: {
    type: 'string',
    pattern: absolutePath,
    description: 'A path that the program makes: where it exists, nothing is run',
  },
  removes: {
    type: 'string',
    pattern: absolutePath,
    description: 'A path that the program removes: where it does not exist, nothing is run',
  },
  chdir: { type: 'string', pattern: absolutePath, description: 'The directory in which it is run' },
  stdin: { type: 'string', description: 'What it reads on its standard input' },
  reads: {
    type: 'boolean',
    default: false,
    description:
      'Your promise that it only reads: it then runs in a dry run too, maybe more than once and ahead of its turn, and never counts as a change',
  },
  timeout: {
    type: 'integer',
    minimum: 1,
    maximum: 86400,
    default: 300,
    description: 'Seconds until it is given up',
  },
} as const

const shape = {
  type: 'object',
  additionalProperties: false,
  properties: {
    cmd: {
      type: 'string',
      minLength: 1,
      description: 'The program with its arguments, quoted as in a shell; nothing is expanded',
    },
    argv: {
      type: 'array',
      minItems: 1,
      items: { type: 'string' },
      description: 'The program and its arguments, one by one, instead of `cmd`',
    },
    ...programProperties,
  },
} as const

export const args = { ...shape, oneOf: [{ required: ['cmd'] }, { required: ['argv'] }] } as const

export const programResult = {
  type: 'object',
  required: ['cmd', 'rc', 'stdout', 'stderr', 'stdout_lines', 'stderr_lines'],
  properties: {
    cmd: { type: 'array', items: { type: 'string' }, description: 'What was run' },
    rc: { type: 'integer', description: 'Exit status; 0 when nothing had to be run' },
    stdout: { type: 'string', description: 'What it said, without the final end of line' },
    stderr: { type: 'string', description: 'What it said on standard error' },
    stdout_lines: { type: 'array', items: { type: 'string' }, description: '`stdout` by lines' },
    stderr_lines: { type: 'array', items: { type: 'string' }, description: '`stderr` by lines' },
  },
} as const

export type Args = FromSchema<typeof shape>
