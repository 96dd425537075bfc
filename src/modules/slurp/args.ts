import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: { type: 'string', pattern: absolutePath, description: 'The file; at most 700 KiB' },
  },
} as const

export const result = {
  type: 'object',
  required: ['source', 'encoding', 'content'],
  properties: {
    source: { type: 'string', description: 'The file' },
    encoding: { const: 'base64', description: 'Of `content`' },
    content: { type: 'string', description: 'The content in base64' },
    text: { type: 'string', description: 'The content; only if it is UTF-8' },
  },
} as const

export type Args = FromSchema<typeof args>
