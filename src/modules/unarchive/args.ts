import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['src', 'dest'],
  properties: {
    src: {
      type: 'string',
      pattern: absolutePath,
      title: 'the absolute path of an archive on the host; copy or get_url brings it there',
      description:
        'An archive of tar on the host, also a compressed one; `copy` or `get_url` brings it there',
    },
    dest: { type: 'string', pattern: absolutePath, description: 'The directory in which it is unpacked' },
    creates: {
      type: 'string',
      pattern: absolutePath,
      description:
        'If this exists, do nothing; otherwise the archive is compared with the directory in every run',
    },
    strip_components: {
      type: 'integer',
      minimum: 0,
      maximum: 99,
      default: 0,
      description: 'Number of leading directories to remove from the names in the archive',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 86400,
      default: 600,
      description: 'Time limit for unpacking in seconds',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['src', 'dest'],
  properties: {
    src: { type: 'string', description: 'The archive' },
    dest: { type: 'string', description: 'The directory' },
  },
} as const

export type Args = FromSchema<typeof args>
