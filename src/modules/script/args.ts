import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'
import { programProperties, programResult } from '../command/args.ts'

const { creates, removes, chdir, timeout } = programProperties

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['src'],
  properties: {
    src: {
      type: 'string',
      minLength: 1,
      description:
        "Script in the role's `files/` or next to the playbook, or an absolute path; text, at most 1 MiB",
    },
    args: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'Arguments of the script',
    },
    executable: {
      type: 'string',
      pattern: absolutePath,
      description: 'Program that runs it, such as /bin/bash; default: that of its first line, or /bin/sh',
    },
    creates,
    removes,
    chdir,
    timeout,
  },
} as const

export const result = programResult

export type Args = FromSchema<typeof args>
