import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'The wanted driver version' },
    module_type: {
      enum: ['auto', 'open', 'proprietary'],
      default: 'auto',
      description: 'Kind of kernel modules; `auto` is what fits all cards',
    },
    exclude_gpus: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'PCI addresses of cards that the driver is not wanted for; those given to virtual machines always are',
    },
    unmanaged_guests: {
      enum: ['refuse', 'allow'],
      default: 'refuse',
      description: 'Whether containers that have a GPU and take no part in the run may be disturbed',
    },
    containers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['ctid'],
        properties: { name: { type: 'string' }, ctid: { type: ['string', 'integer'] } },
      },
      default: [],
      description: 'Containers of this node that take part in the run',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['cards', 'gpus', 'gpus_in_vms', 'change', 'module_type', 'kernel', 'headers'],
  properties: {
    cards: {
      type: 'array',
      description: 'Every NVIDIA card of the node',
      items: {
        type: 'object',
        properties: {
          pci: { type: 'string' },
          device: { type: 'string', description: 'PCI device id, four hexadecimal digits' },
          driver: { type: ['string', 'null'], description: 'Kernel driver that holds it' },
          vm: { type: ['string', 'null'], description: 'Virtual machine that it is given to' },
          managed: { type: 'boolean' },
        },
      },
    },
    gpus: { type: 'integer', description: 'Cards that the driver is for' },
    gpus_in_vms: { type: 'integer' },
    change: { type: 'boolean', description: 'Whether the loaded driver is not the wanted one' },
    loaded: { type: ['string', 'null'], description: 'Version of the loaded driver' },
    module_type: { type: 'string', description: 'open or proprietary' },
    kernel: { type: 'string', description: 'uname -r' },
    headers: {
      type: 'array',
      items: { type: 'string' },
      description: 'Packages with the headers, metapackage last',
    },
  },
} as const

export type Args = FromSchema<typeof args>
