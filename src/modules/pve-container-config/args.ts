import { configLockTimeout, ctid } from '../support/container-args.ts'
import type { FromSchema } from 'json-schema-to-ts'
import type { Unknown } from '../../base/unknown.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['owned'],
  properties: {
    ctid,
    content: {
      type: 'string',
      default: '',
      description:
        'The owned lines that the configuration must have, `key: value`; `devN: ...` keeps its current number, or gets a free one',
    },
    template: { type: 'string', description: 'Template in `templates/` for the content' },
    owned: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Regular expressions for lines `key: value`, a device with its path first: `dev0: /dev/nvidia0,mode=0666`. Matching lines that are not in the content are removed, and pending changes of matching lines are undone; all others are kept',
    },
    more_owned: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'More such expressions; they may be unknown in a dry run',
    },
    record: {
      type: 'string',
      default: '',
      description:
        'Text to save on the node (/var/lib/gpuplay/v1/assignments/CTID); if empty, nothing is saved',
    },
    lock_timeout: configLockTimeout,
  },
} as const

export const result = {
  type: 'object',
  required: ['ctid'],
  properties: { ctid: { type: 'string' } },
} as const

type Written = FromSchema<typeof args>
type Open = 'content' | 'more_owned' | 'record'

/** Arguments that a dry run may not know (`mayBeUnknown`). */
export type Args = Omit<Written, Open> & { readonly [Name in Open]: Written[Name] | Unknown }
