import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['owned'],
  properties: {
    ctid: {
      type: ['string', 'integer'],
      default: '',
      description: 'The container; left out: the one that the task runs for',
    },
    content: {
      type: 'string',
      default: '',
      description:
        'All lines that the configuration is to have of those that are owned, `key: value`; `devN: ...` takes the number that it has already, or a free one',
    },
    template: { type: 'string', description: 'File in `templates/` that gives the content' },
    owned: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Regular expressions for lines `key: value`: what matches and is not in the content is removed; everything else is kept',
    },
    more_owned: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'More of these, which a dry run may not know',
    },
    record: {
      type: 'string',
      default: '',
      description:
        'Text that the node keeps about the lines (/var/lib/gpuplay/v1/assignments/CTID), together with the lines themselves; empty: none',
    },
    lock_timeout: {
      type: 'integer',
      minimum: 0,
      default: 60,
      description: "Seconds to wait for Proxmox's own lock and for a backup or the like to end",
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['ctid'],
  properties: { ctid: { type: 'string' } },
} as const

/** Content, record and the additional patterns may be `Unknown` in a dry run (`mayBeUnknown`). */
export type Args = FromSchema<typeof args>
