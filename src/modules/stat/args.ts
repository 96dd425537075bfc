import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: { type: 'string', pattern: absolutePath, description: 'What to look at' },
    follow: { type: 'boolean', default: false, description: 'Looks at what a link leads to' },
    get_checksum: { type: 'boolean', default: true, description: 'Also reads a file to give its sha256' },
    checksum_algorithm: { const: 'sha256', default: 'sha256', description: 'The only one' },
  },
} as const

export const result = {
  type: 'object',
  required: ['stat'],
  properties: {
    stat: {
      type: 'object',
      required: ['exists'],
      description: 'All but `exists` only when there is something',
      properties: {
        exists: { type: 'boolean', description: 'Whether there is anything at the path' },
        path: { type: 'string', description: 'As asked' },
        isreg: { type: 'boolean', description: 'A file' },
        isdir: { type: 'boolean', description: 'A directory' },
        islnk: { type: 'boolean', description: 'A link' },
        ischr: { type: 'boolean', description: 'A character device' },
        isblk: { type: 'boolean', description: 'A block device' },
        mode: { type: 'string', description: 'Four octal digits' },
        size: { type: 'integer', description: 'Bytes' },
        uid: { type: 'integer', description: 'Number of the user' },
        gid: { type: 'integer', description: 'Number of the group' },
        pw_name: { type: 'string', description: 'Name of the user' },
        gr_name: { type: 'string', description: 'Name of the group' },
        lnk_target: { type: 'string', description: 'Target of the link, exactly as given' },
        major: { type: 'integer', description: 'Of a device' },
        minor: { type: 'integer', description: 'Of a device' },
        checksum: { type: 'string', description: 'sha256 of a file, in hex' },
      },
    },
  },
} as const

export type Args = FromSchema<typeof args>
