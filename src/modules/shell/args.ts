import type { FromSchema } from 'json-schema-to-ts'
import { programProperties, programResult } from '../command/args.ts'
import { absolutePath } from '../../base/posix-paths.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['cmd'],
  properties: {
    cmd: { type: 'string', minLength: 1, description: 'Command line for the shell' },
    executable: {
      type: 'string',
      pattern: absolutePath,
      default: '/bin/sh',
      description: 'The shell, such as /bin/bash',
    },
    ...programProperties,
  },
} as const

export const result = programResult

export type Args = FromSchema<typeof args>
