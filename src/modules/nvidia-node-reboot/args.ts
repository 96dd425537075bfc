import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/driver-version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'purpose'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'Required driver version' },
    module_type: {
      enum: ['open', 'proprietary'],
      description: 'Required type of the kernel modules; without it, any',
    },
    purpose: {
      enum: ['free_cards', 'load_driver'],
      description:
        'Reason for a reboot. `free_cards`: nouveau or a similar module is loaded; `load_driver`: another version of the driver or another type of its modules is loaded',
    },
    mode: {
      enum: ['ask', 'auto', 'never'],
      default: 'ask',
      description:
        '`auto`: reboot the node; `ask`: ask on the terminal first; `never`: only report that a reboot is pending',
    },
    ha: {
      enum: ['refuse', 'freeze'],
      default: 'refuse',
      description:
        'If HA manages guests of this node. `refuse`: fail; `freeze`: reboot while HA leaves the guests on the node',
    },
    quorum: {
      enum: ['refuse', 'allow'],
      default: 'refuse',
      description:
        'If the cluster loses its quorum without this node, as one of two nodes does. `refuse`: fail; `allow`: reboot, unless HA manages guests of the cluster',
    },
    ceph: {
      enum: ['refuse', 'allow'],
      default: 'refuse',
      description:
        'If Ceph is not healthy. Flags such as `noout` that are set for maintenance do not count. `refuse`: fail; `allow`: reboot',
    },
    modules: {
      type: 'array',
      items: { type: 'string' },
      default: ['nouveau', 'nvidiafb', 'nova_core', 'nova_drm'],
      description: 'Kernel modules that must not be bound to the cards',
    },
    timeout: {
      type: 'integer',
      minimum: 30,
      default: 900,
      description: 'Seconds to wait for the node to come back',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['pending', 'guests'],
  properties: {
    pending: { type: 'boolean', description: 'True if a reboot is needed and was not done' },
    guests: {
      type: 'array',
      items: { type: 'string' },
      description: 'Running guests, which a reboot stops',
    },
  },
} as const

export type Args = FromSchema<typeof args>
