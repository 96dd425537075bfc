import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: '^[A-Za-z0-9_-]+$', description: 'The kernel module' },
    state: {
      enum: ['loaded', 'unloaded', 'blacklisted'],
      default: 'loaded',
      description:
        '`unloaded`: taken out, and not loaded at boot by us; `blacklisted`: also kept from loading by itself or for others',
    },
    persistent: {
      type: 'boolean',
      default: true,
      description: 'With `loaded`: at every boot too, by a file in /etc/modules-load.d',
    },
    params: {
      type: 'string',
      pattern: '^[^\\r\\n]*$',
      description:
        'Parameters, such as `uvm_disable_hmm=1`: used at the next load, by a file in /etc/modprobe.d',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['loaded'],
  properties: {
    loaded: { type: 'boolean', description: 'Whether it is loaded now' },
    version: { type: 'string', description: 'Of what is loaded, where it says so' },
  },
} as const

export type Args = FromSchema<typeof args>
