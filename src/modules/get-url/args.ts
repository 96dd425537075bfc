import type { FromSchema } from 'json-schema-to-ts'
import { attributeProperties } from '../support/attributes.ts'
import { absolutePath } from '../../base/posix-paths.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['url', 'dest'],
  properties: {
    url: {
      type: 'string',
      pattern: '^https?://\\S+$',
      title: 'an http:// or https:// URL',
      description: 'URL that the host downloads',
    },
    dest: {
      type: 'string',
      pattern: absolutePath,
      description:
        'Path of the file; if it ends in a slash or is a directory, the last part of the URL is appended',
    },
    checksum: {
      type: 'string',
      pattern: '^sha256:([0-9A-Fa-f]{64}|https?://\\S+)$',
      description:
        '`sha256:` and 64 hex digits, or the URL of a checksum list. A file with another checksum is downloaded again; ' +
        'without `checksum`, an existing file is kept',
    },
    force: {
      type: 'boolean',
      default: false,
      description:
        'Without `checksum`: compare an existing file with the one of the server in each run, for which the host downloads ' +
        'it, and replace it if they differ. The server must always send the same bytes',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 86400,
      description: 'Time limit of a download in seconds; default: none, as long as data arrive',
    },
    proxy: {
      type: 'string',
      pattern: '^(https?://\\S+)?$',
      default: '',
      description: 'Proxy for this download',
    },
    username: {
      type: 'string',
      minLength: 1,
      pattern: '^[^:\\r\\n]+$',
      description: 'User name for the server, with `password`; do not put it in the URL',
    },
    password: {
      type: 'string',
      pattern: '^[^\\r\\n]*$',
      description: 'Password for the server; curl reads it from its standard input',
    },
    headers: {
      type: 'object',
      additionalProperties: { type: 'string', pattern: '^[^\\r\\n]*$' },
      propertyNames: { pattern: '^[A-Za-z0-9-]+$' },
      description:
        'Request headers by name, such as `Authorization`; hidden, and passed to curl like `password`',
    },
    ...attributeProperties,
  },
} as const

export const result = {
  type: 'object',
  required: ['dest', 'url'],
  properties: {
    dest: { type: 'string', description: 'The file' },
    url: { type: 'string', description: 'As given in the task' },
    checksum: { type: 'string', description: 'Expected sha256, in hex' },
  },
} as const

export type Args = FromSchema<typeof args>
