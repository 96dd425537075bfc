import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

const status = { type: 'integer', minimum: 100, maximum: 599 } as const

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: {
      type: 'string',
      pattern: '^https?://[^\\s/?#@]+([/?#]\\S*)?$',
      title: 'an http:// or https:// URL without a user name',
      description: 'Where the host sends the request',
    },
    method: {
      enum: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      default: 'GET',
      description:
        '`GET` and `HEAD` change nothing and are sent in a dry run, too; the others are sent once in every run',
    },
    follow_redirects: {
      enum: ['safe', 'all', 'none'],
      default: 'safe',
      description:
        'Which requests go on to the address that the server names: `safe`: `GET` and `HEAD`; otherwise a redirect is the answer',
    },
    creates: {
      type: 'string',
      pattern: absolutePath,
      description: 'If this path exists on the host, no request is sent',
    },
    removes: {
      type: 'string',
      pattern: absolutePath,
      description: 'If this path does not exist on the host, no request is sent',
    },
    status_code: {
      oneOf: [status, { type: 'array', minItems: 1, items: status }],
      default: 200,
      description: 'Expected status, or a list; the task fails with any other',
    },
    body: {
      description: 'Body of the request: text, or with `body_format` a value. Passed to curl like `password`',
    },
    body_format: {
      enum: ['raw', 'json', 'form-urlencoded'],
      default: 'raw',
      description: '`json`: any value; `form-urlencoded`: names and texts. Both set Content-Type',
    },
    headers: {
      type: 'object',
      additionalProperties: { type: 'string', pattern: '^[^\\r\\n]*$' },
      propertyNames: { pattern: '^[A-Za-z0-9-]+$' },
      description:
        'Request headers by name, such as `Authorization`; hidden, and passed to curl like `password`',
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
    proxy: {
      type: 'string',
      pattern: '^(https?://\\S+)?$',
      default: '',
      description: 'Proxy for this request',
    },
    ca_path: {
      type: 'string',
      pattern: absolutePath,
      description:
        'File on the host with the certificates of the authorities to trust, instead of those that the host trusts',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 3600,
      default: 30,
      description: 'Time limit in seconds; `GET` and `HEAD` always have 30',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['url', 'status', 'content'],
  properties: {
    url: { type: 'string', description: 'As given in the task' },
    status: { type: 'integer', description: 'Status of the answer; 0 if no request was sent' },
    content: { type: 'string', description: 'Body of the answer, at most 1 MiB; empty for an error' },
    json: { description: 'The body as a value; only if it is a JSON object or list' },
  },
} as const

export type Args = FromSchema<typeof args>
