export const args = { type: 'object', additionalProperties: false, properties: {} } as const

const service = {
  type: 'object',
  required: ['name', 'state', 'status', 'source'],
  properties: {
    name: { type: 'string', description: 'The unit' },
    state: { enum: ['running', 'stopped', 'failed'], description: 'Whether its program runs' },
    status: {
      type: 'string',
      description: "State of its unit file: `enabled`, `disabled`, `static`, `masked`, ...; `''` without one",
    },
    source: { const: 'systemd', description: 'The service manager' },
  },
} as const

export const result = {
  type: 'object',
  required: ['services'],
  properties: {
    services: {
      type: 'object',
      additionalProperties: service,
      description: 'Services by the names of their units, such as `ssh.service`',
    },
  },
} as const
