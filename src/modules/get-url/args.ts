import type { FromSchema } from 'json-schema-to-ts'
import { attributeProperties } from '../support/attributes.ts'
import { absolutePath } from '../support/paths.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['url', 'dest'],
  properties: {
    url: {
      type: 'string',
      pattern: '^(https?|ftp)://\\S+$',
      description: 'What to fetch; the host itself fetches it',
    },
    dest: {
      type: 'string',
      pattern: absolutePath,
      description:
        "The file; with a final slash, or where a directory is, the URL's last part in that directory",
    },
    checksum: {
      type: 'string',
      pattern: '^sha256:([0-9A-Fa-f]{64}|https?://\\S+)$',
      description:
        '`sha256:` and 64 hex digits, or the address of a list of checksums. A file with another one is fetched again; ' +
        'without it a file that is there is left as it is',
    },
    proxy: {
      type: 'string',
      pattern: '^(https?://\\S+)?$',
      default: '',
      description: 'A proxy for this download',
    },
    ...attributeProperties,
  },
} as const

export const result = {
  type: 'object',
  required: ['dest', 'url'],
  properties: {
    dest: { type: 'string', description: 'The file' },
    url: { type: 'string', description: 'As asked for' },
    checksum: { type: 'string', description: 'sha256 that was asked for, in hex' },
  },
} as const

export type Args = FromSchema<typeof args>
