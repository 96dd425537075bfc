import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'
import { accountNamePattern } from '../support/accounts.ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['user', 'key'],
  properties: {
    user: { type: 'string', pattern: accountNamePattern, description: 'The user who may log in' },
    key: {
      type: 'string',
      minLength: 1,
      description: 'Public keys, one on each line, as in a .pub file; lines that begin with # are ignored',
    },
    state: { enum: ['present', 'absent'], default: 'present', description: 'Whether the keys are accepted' },
    exclusive: { type: 'boolean', default: false, description: 'Remove all other keys of the user' },
    key_options: {
      type: 'string',
      pattern: '^[^\\r\\n]*$',
      description: 'Options before each key, such as `no-pty,from="192.0.2.0/24"` (sshd(8))',
    },
    comment: { type: 'string', pattern: '^[^\\r\\n]*$', description: 'Replaces the comment of each key' },
    path: {
      type: 'string',
      pattern: absolutePath,
      description: 'The file; default: `.ssh/authorized_keys` in the home directory of the user',
    },
    manage_dir: {
      type: 'boolean',
      default: true,
      description: 'Create the directory of the file, and set its owner and mode',
    },
  },
} as const

export const args = shape

export const result = {
  type: 'object',
  required: ['path'],
  properties: { path: { type: 'string', description: 'The file' } },
} as const

export type Args = FromSchema<typeof shape>
