import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'purpose'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'The wanted driver version' },
    purpose: {
      enum: ['free_cards', 'load_driver'],
      description:
        '`free_cards`: needed while nouveau or its like is loaded; `load_driver`: while another version of the driver is',
    },
    mode: {
      enum: ['ask', 'auto', 'never'],
      default: 'ask',
      description:
        '`auto` restarts the node, `ask` does when the person at the terminal agrees; otherwise the restart is reported as pending',
    },
    ha: {
      enum: ['refuse', 'freeze'],
      default: 'refuse',
      description:
        'What to do when HA manages guests of this node; `freeze`: HA leaves them alone while the node restarts',
    },
    modules: {
      type: 'array',
      items: { type: 'string' },
      default: ['nouveau', 'nvidiafb', 'nova_core', 'nova_drm'],
      description: 'Kernel modules that hold the cards',
    },
    timeout: {
      type: 'integer',
      minimum: 30,
      default: 900,
      description: 'Seconds until the node must be back',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['pending', 'guests'],
  properties: {
    pending: { type: 'boolean', description: 'Whether the node has to restart and was not restarted' },
    guests: {
      type: 'array',
      items: { type: 'string' },
      description: 'Running guests, which a restart stops',
    },
  },
} as const

export type Args = FromSchema<typeof args>
