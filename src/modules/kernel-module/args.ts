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
        '`unloaded`: unload it and do not load it at boot; `blacklisted`: also prevent the kernel from loading it, automatically or as a dependency',
    },
    persistent: {
      type: 'boolean',
      default: true,
      description: 'With `loaded`: also load it at every boot, with a file in /etc/modules-load.d',
    },
    params: {
      type: 'string',
      pattern: '^[^\\r\\n]*$',
      description:
        'Parameters, such as `uvm_disable_hmm=1`, written to /etc/modprobe.d; they apply at the next load',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['loaded'],
  properties: {
    loaded: { type: 'boolean', description: 'Whether it is loaded now' },
    version: { type: 'string', description: 'Version of the loaded module, if it has one' },
  },
} as const

export type Args = FromSchema<typeof args>
