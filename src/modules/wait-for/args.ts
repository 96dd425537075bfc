import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  properties: {
    path: { type: 'string', pattern: absolutePath, description: 'Path to wait for' },
    search_regex: {
      type: 'string',
      minLength: 1,
      maxLength: 1000,
      description: 'Regular expression (RE2) that must match in that file',
    },
    port: {
      type: 'integer',
      minimum: 1,
      maximum: 65535,
      description: 'TCP port on which a program must listen on the host, or that must be open on `host`',
    },
    host: {
      type: 'string',
      pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$|^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$',
      title: 'a name or an address',
      description:
        'Name or address to which the host connects; default: look for the port on the host itself',
    },
    state: {
      enum: ['present', 'started', 'absent', 'stopped', 'drained'],
      default: 'started',
      description:
        '`present`, `started`: wait until it is there; `absent`, `stopped`: wait until it is gone; ' +
        '`drained`: wait until the port of the host has no connections',
    },
    delay: {
      type: 'integer',
      minimum: 0,
      maximum: 86400,
      default: 0,
      description: 'Seconds to wait before the first look',
    },
    sleep: {
      type: 'integer',
      minimum: 1,
      maximum: 3600,
      description: 'Seconds between two looks; default: from 0.2 to 5, growing',
    },
    connect_timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 20,
      default: 5,
      description: 'Time limit of each connection to `host` in seconds',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 86400,
      default: 300,
      description: 'Time limit in seconds, after `delay`',
    },
  },
} as const

export const args = {
  ...shape,
  oneOf: [{ required: ['path'] }, { required: ['port'] }],
  dependentRequired: { search_regex: ['path'], host: ['port'] },
} as const

export const result = {
  type: 'object',
  required: ['state'],
  properties: {
    state: {
      enum: ['present', 'absent', 'drained'],
      description: 'Current state; `drained` if the task has waited for that',
    },
  },
} as const

export type Args = FromSchema<typeof shape>
