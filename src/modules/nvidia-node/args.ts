import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/driver-version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'Required driver version' },
    module_type: {
      enum: ['auto', 'open', 'proprietary'],
      default: 'auto',
      description: 'Kernel modules; `auto`: the type that supports all cards',
    },
    checks: {
      enum: ['all', 'driver'],
      default: 'all',
      description:
        '`driver`: only whether the driver supports the cards and compiles for the kernels; `all`: also Secure Boot and the containers, with warnings',
    },
    exclude_gpus: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'PCI addresses of cards to leave alone; cards that are passed to VMs always are',
    },
    unmanaged_guests: {
      enum: ['refuse', 'allow'],
      default: 'refuse',
      description:
        'If a container that has a GPU is not part of the run. `refuse`: fail; `allow`: continue; the container loses its GPU until it is updated',
    },
    secure_boot: {
      enum: ['refuse', 'prepare'],
      default: 'refuse',
      description:
        'If Secure Boot is on and no enrolled key can sign the driver. `refuse`: fail; `prepare`: continue; `nvidia_secure_boot` requests the enrollment of a key',
    },
    kernels: {
      enum: ['all', 'running'],
      default: 'all',
      description:
        'Kernels that get the driver. `all`: the running one, newer ones and pinned ones; `running`: only that one',
    },
    containers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['ctid'],
        properties: { name: { type: 'string' }, ctid: { type: ['string', 'integer'] } },
      },
      default: [],
      description: 'Containers of this node that are part of the run',
    },
  },
} as const

export const result = {
  type: 'object',
  required: [
    'cards',
    'gpus',
    'gpus_in_vms',
    'change',
    'module_type',
    'kernel',
    'kernels',
    'headers',
    'driver_packages',
    'needs_key',
  ],
  properties: {
    cards: {
      type: 'array',
      description: 'All NVIDIA cards of the node',
      items: {
        type: 'object',
        properties: {
          pci: { type: 'string' },
          device: { type: 'string', description: 'PCI device id, four hexadecimal digits' },
          driver: { type: ['string', 'null'], description: 'Kernel driver that is bound to it' },
          vm: { type: ['string', 'null'], description: 'Virtual machine that it is passed to' },
          managed: { type: 'boolean' },
        },
      },
    },
    gpus: { type: 'integer', description: 'Number of cards that the driver manages' },
    gpus_in_vms: { type: 'integer' },
    change: {
      type: 'boolean',
      description: 'True if another version of the driver or another type of its modules is loaded, or none',
    },
    needs_key: {
      type: 'boolean',
      description: 'True if a key for Secure Boot has to be enrolled before the driver can be installed',
    },
    loaded: { type: ['string', 'null'], description: 'Version of the loaded driver' },
    module_type: { type: 'string', description: 'open or proprietary' },
    kernel: { type: 'string', description: 'uname -r' },
    kernels: {
      type: 'array',
      items: { type: 'string' },
      description: 'Releases of the kernels that get the driver, the running one first',
    },
    headers: {
      type: 'array',
      items: { type: 'string' },
      description: 'Kernel header packages for each kernel that gets the driver, metapackage last',
    },
    driver_packages: {
      type: 'array',
      items: { type: 'string' },
      description: 'Shell patterns of all driver packages, which conflict with a driver from a `.run`',
    },
  },
} as const

export type Args = FromSchema<typeof args>
