import { ownModprobeFile } from '../../nvidia/leftover-files.ts'
import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    modules: {
      type: 'array',
      items: { type: 'string', pattern: '^[a-z0-9_]+$' },
      default: ['nouveau', 'nvidiafb', 'nova_core', 'nova_drm'],
      description: 'Kernel modules that must not bind to the cards',
    },
    state: {
      enum: ['present', 'absent'],
      default: 'present',
      description: '`absent`: remove the file, so that these modules are loaded again from the next boot on',
    },
    path: {
      type: 'string',
      pattern: '^/etc/modprobe\\.d/.+\\.conf$',
      default: ownModprobeFile,
      description: 'The modprobe configuration file to write',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['loaded'],
  properties: {
    loaded: {
      type: 'array',
      items: { type: 'string' },
      description: 'Those that are loaded now; a reboot unloads them',
    },
  },
} as const

export type Args = FromSchema<typeof args>
