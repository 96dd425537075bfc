import type { FromSchema } from 'json-schema-to-ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      pattern: '^[A-Za-z0-9:_.\\\\@][A-Za-z0-9:_.\\\\@-]*$',
      description: 'A systemd unit; `.service` may be left out',
    },
    state: {
      enum: ['started', 'stopped', 'restarted', 'reloaded'],
      description: '`restarted` and `reloaded` act at every run: they are for handlers',
    },
    enabled: { type: 'boolean', description: 'Whether it starts with the system' },
    masked: { type: 'boolean', description: 'Whether it cannot be started at all' },
    daemon_reload: {
      type: 'boolean',
      default: false,
      description: 'Has systemd read the unit files again first, where they are newer than what it has read',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 3600,
      default: 120,
      description: 'Seconds for each start or stop',
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
