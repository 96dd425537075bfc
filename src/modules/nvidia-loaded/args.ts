import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/driver-version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'Required driver version' },
    module_type: {
      enum: ['open', 'proprietary'],
      description: 'Required type of the kernel modules; without it, any',
    },
    reload: {
      type: 'boolean',
      default: true,
      description:
        'Unload another version or type first, which briefly stops the containers of this run that have a GPU',
    },
    graphics: {
      type: 'boolean',
      default: false,
      description:
        'Also require nvidia_modeset, nvidia_drm and /dev/nvidia-modeset; the helper must be configured for them',
    },
    containers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['ctid'],
        properties: { name: { type: 'string' }, ctid: { type: ['string', 'integer'] } },
      },
      default: [],
      description: 'Containers of this node that are part of the run; others are never stopped',
    },
    stop_timeout: {
      type: 'integer',
      minimum: 1,
      default: 120,
      description: 'Seconds to wait for the clean shutdown of a container',
    },
    force_stop: {
      type: 'boolean',
      default: false,
      description: 'Kill a container that does not shut down in that time, instead of failing',
    },
    lock_timeout: {
      type: 'integer',
      minimum: 0,
      default: 60,
      description: 'Seconds to wait for backups and other operations that lock a container',
    },
    install_timeout: {
      type: 'integer',
      minimum: 60,
      default: 3600,
      description:
        'Time limit in seconds for installing the previous driver again if the new one cannot be loaded',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['pending', 'loaded'],
  properties: {
    loaded: { type: ['string', 'null'], description: 'Version of the loaded driver' },
    pending: {
      type: 'boolean',
      description: 'True if a reboot of the node is needed to load the wanted version',
    },
  },
} as const

export type Args = FromSchema<typeof args>
