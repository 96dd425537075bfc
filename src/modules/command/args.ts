import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

export const programProperties = {
  creates: {
    type: 'string',
    pattern: absolutePath,
    description: 'Path that the program creates; if it exists, the program is not run',
  },
  removes: {
    type: 'string',
    pattern: absolutePath,
    description: 'Path that the program removes; if it does not exist, the program is not run',
  },
  chdir: { type: 'string', pattern: absolutePath, description: 'Working directory' },
  stdin: { type: 'string', description: 'Text for its standard input' },
  reads: {
    type: 'boolean',
    default: false,
    description:
      'Promises that the program only reads: it also runs in dry runs, may run early or more than once, and never counts as a change',
  },
  timeout: {
    type: 'integer',
    minimum: 1,
    maximum: 86400,
    default: 300,
    description: 'Time limit in seconds',
  },
} as const

const shape = {
  type: 'object',
  additionalProperties: false,
  properties: {
    cmd: {
      type: 'string',
      minLength: 1,
      description: 'Program and arguments, quoted as in a shell; nothing is expanded',
    },
    argv: {
      type: 'array',
      minItems: 1,
      items: { type: 'string' },
      description: 'Program and arguments as a list, instead of `cmd`',
    },
    ...programProperties,
  },
} as const

export const args = { ...shape, oneOf: [{ required: ['cmd'] }, { required: ['argv'] }] } as const

export const programResult = {
  type: 'object',
  required: ['cmd', 'rc', 'stdout', 'stderr', 'stdout_lines', 'stderr_lines'],
  properties: {
    cmd: { type: 'array', items: { type: 'string' }, description: 'The command' },
    rc: { type: 'integer', description: 'Exit status; 0 if the program was not run' },
    stdout: { type: 'string', description: 'Standard output, without the final newline' },
    stderr: { type: 'string', description: 'Standard error, without the final newline' },
    stdout_lines: { type: 'array', items: { type: 'string' }, description: '`stdout` by lines' },
    stderr_lines: { type: 'array', items: { type: 'string' }, description: '`stderr` by lines' },
  },
} as const

export type Args = FromSchema<typeof shape>
