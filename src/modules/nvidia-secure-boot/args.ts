import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/driver-version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: {
      type: 'string',
      pattern: driverVersionPattern,
      description: 'Required driver version; if it is loaded already, no key is needed',
    },
    password: {
      type: 'string',
      // MokManager reads keys of a US keyboard, and mokutil accepts up to 256 of them.
      pattern: '^[!-~]{0,256}$',
      default: '',
      description: 'One-time password for the request, to be entered once at the console of the node',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['state', 'pending'],
  properties: {
    state: {
      enum: ['off', 'key-enrolled', 'key-requested', 'no-key'],
      description: "Secure Boot and DKMS's key before the task",
    },
    pending: {
      type: 'boolean',
      description: 'True if a driver is needed that the kernel would not load until the key is enrolled',
    },
  },
} as const

export type Args = FromSchema<typeof args>
