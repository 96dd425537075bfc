import type { FromSchema } from 'json-schema-to-ts'
import { unitProperty } from '../support/unit-property.ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: unitProperty,
    state: {
      enum: ['started', 'stopped', 'restarted', 'reloaded'],
      description: '`restarted` and `reloaded` act in every run; use them in handlers',
    },
    enabled: { type: 'boolean', description: 'Start it at boot' },
    masked: { type: 'boolean', description: 'Prevent it from being started' },
    daemon_reload: {
      type: 'boolean',
      default: false,
      description: 'Run `systemctl daemon-reload` first if unit files changed on disk',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 3600,
      default: 120,
      description: 'Time limit for each start or stop in seconds',
    },
  },
} as const

export const args = {
  ...shape,
  anyOf: ['state', 'enabled', 'masked', 'daemon_reload'].map((name) => ({ required: [name] })),
} as const

export const result = {
  type: 'object',
  required: ['name', 'state', 'enabled'],
  properties: {
    name: { type: 'string', description: 'The unit' },
    state: { type: 'string', description: "systemd's ActiveState: active, inactive, failed, ..." },
    enabled: {
      type: 'string',
      description: "systemd's UnitFileState: enabled, disabled, masked, static, ...",
    },
  },
} as const

export type Args = FromSchema<typeof shape>
