import type { FromSchema } from 'json-schema-to-ts'
import { accountNamePattern } from '../support/accounts.ts'

const field = { type: ['string', 'integer'], pattern: '^[0-9A-Za-z*/,~-]+$', default: '*' } as const

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      pattern: '^[A-Za-z0-9_][A-Za-z0-9_ -]*$',
      description: 'The job: the name of its file in /etc/cron.d, where spaces become dashes',
    },
    job: {
      type: 'string',
      pattern: '^[^\\r\\n\\u0000]*\\S[^\\r\\n\\u0000]*$',
      description: 'Command line; cron reads a `%` as a line break unless it is written `\\%`',
    },
    state: { enum: ['present', 'absent'], default: 'present', description: 'Whether the job is configured' },
    user: {
      type: 'string',
      pattern: accountNamePattern,
      default: 'root',
      description: 'The user who runs it',
    },
    minute: { ...field, description: '0-59, `*`, `*/5`, ...' },
    hour: { ...field, description: '0-23, ...' },
    day: { ...field, description: 'Day of the month: 1-31, ...' },
    month: { ...field, description: '1-12, ...' },
    weekday: { ...field, description: '0-6 for Sunday to Saturday, or names such as `mon`' },
    special_time: {
      enum: ['reboot', 'hourly', 'daily', 'weekly', 'monthly', 'yearly', 'annually'],
      description: 'Replaces the five fields',
    },
    disabled: { type: 'boolean', default: false, description: 'Keep the job as a comment' },
  },
} as const

export const args = {
  ...shape,
  if: { required: ['state'], properties: { state: { const: 'absent' } } },
  else: { required: ['job'] },
} as const

export const result = {
  type: 'object',
  required: ['path'],
  properties: { path: { type: 'string', description: 'The file' } },
} as const

export type Args = FromSchema<typeof shape>
