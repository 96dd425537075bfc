import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: { type: 'string', pattern: absolutePath, description: 'Path to inspect' },
    follow: { type: 'boolean', default: false, description: 'Follow a symbolic link' },
    get_checksum: { type: 'boolean', default: true, description: 'Also compute the sha256 of a file' },
    checksum_algorithm: { const: 'sha256', default: 'sha256', description: 'Only `sha256`' },
  },
} as const

export const result = {
  type: 'object',
  required: ['stat'],
  properties: {
    stat: {
      type: 'object',
      required: ['exists'],
      description: 'State of the path; if nothing exists there, only `exists` and `path`',
      properties: {
        exists: { type: 'boolean', description: 'Whether the path exists' },
        path: { type: 'string', description: 'As given in the task' },
        isreg: { type: 'boolean', description: 'A file' },
        isdir: { type: 'boolean', description: 'A directory' },
        islnk: { type: 'boolean', description: 'A link' },
        ischr: { type: 'boolean', description: 'A character device' },
        isblk: { type: 'boolean', description: 'A block device' },
        mode: { type: 'string', description: 'Four octal digits' },
        size: { type: 'integer', description: 'Bytes' },
        uid: { type: 'integer', description: 'User ID' },
        gid: { type: 'integer', description: 'Group ID' },
        pw_name: { type: 'string', description: 'Name of the user' },
        gr_name: { type: 'string', description: 'Name of the group' },
        lnk_target: { type: 'string', description: 'Target of the link, exactly as given' },
        major: { type: 'integer', description: 'Device number' },
        minor: { type: 'integer', description: 'Device number' },
        checksum: { type: 'string', description: 'sha256 of a file, in hex' },
      },
    },
  },
} as const

export type Args = FromSchema<typeof args>
