import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    modules: {
      type: 'array',
      items: { type: 'string', pattern: '^[a-z0-9_]+$' },
      default: ['nouveau', 'nvidiafb', 'nova_core', 'nova_drm'],
      description: 'Kernel modules that would take the cards',
    },
    path: {
      type: 'string',
      pattern: '^/etc/modprobe\\.d/.+\\.conf$',
      default: '/etc/modprobe.d/gpuplay-nvidia.conf',
      description: 'The file that keeps them from loading',
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
      description: 'Those that are loaded now; only a restart takes them away',
    },
  },
} as const

export type Args = FromSchema<typeof args>
