import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    persistence: {
      type: 'boolean',
      default: true,
      description: 'Keep GPUs initialized while no program uses them',
    },
    power_limit: {
      type: 'object',
      additionalProperties: { type: 'integer', minimum: 1 },
      default: {},
      description: 'Power limits in watts, by PCI address',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['gpus'],
  properties: {
    gpus: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          pci: { type: 'string' },
          persistence: { type: ['boolean', 'null'] },
          limit: { type: ['number', 'null'], description: 'Watts' },
        },
      },
    },
  },
} as const

export type Args = FromSchema<typeof args>
