import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/driver-version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'Required driver version' },
    remove: {
      type: 'boolean',
      default: false,
      description: 'Remove what is found and keep copies; otherwise only warn',
    },
    exclude_gpus: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'PCI addresses of cards that stay with `vfio-pci`, besides those of virtual machines',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['found'],
  properties: {
    found: {
      type: 'array',
      items: { type: 'string' },
      description: 'What earlier drivers left: directories, and files with line numbers',
    },
  },
} as const

export type Args = Required<FromSchema<typeof args>>
