import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    required: {
      type: 'boolean',
      default: true,
      description: 'Whether it is needed, for example `!cel result.reboot_needed`; false: nothing is done',
    },
    reason: {
      type: 'string',
      minLength: 1,
      default: 'the playbook asks for it',
      description: 'Why, for the people who are logged in and for the log',
    },
    timeout: {
      type: 'integer',
      minimum: 10,
      maximum: 7200,
      default: 600,
      description: 'Seconds until the host must be back',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['boot_id', 'kernel'],
  properties: {
    boot_id: { type: 'string', description: 'Of the boot before, when it was rebooted' },
    kernel: { type: 'string', description: 'Release of the kernel that ran before' },
  },
} as const

export type Args = FromSchema<typeof args>
