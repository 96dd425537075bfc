import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    required: {
      type: 'boolean',
      default: true,
      description: 'Reboot only if true, for example `!cel result.reboot_needed`',
    },
    reason: {
      type: 'string',
      minLength: 1,
      default: 'requested by a playbook',
      description: 'Reason, for logged-in users and the log',
    },
    timeout: {
      type: 'integer',
      minimum: 10,
      maximum: 7200,
      default: 600,
      description: 'Seconds to wait for the host to come back',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['boot_id', 'kernel'],
  properties: {
    boot_id: { type: 'string', description: 'Boot ID before the reboot, if there was one' },
    kernel: { type: 'string', description: 'Kernel release before the reboot' },
  },
} as const

export type Args = FromSchema<typeof args>
