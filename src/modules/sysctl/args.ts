import type { FromSchema } from 'json-schema-to-ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      pattern: '^[A-Za-z0-9_-]+([./][A-Za-z0-9_:@-]+)+$',
      description:
        'The kernel parameter, such as `net.ipv4.ip_forward`; write a dot inside a part as a slash: `net.ipv4.conf.eth0/100.forwarding`',
    },
    value: {
      oneOf: [{ type: 'string', pattern: '^[^\\r\\n\\u0000]*\\S[^\\r\\n\\u0000]*$' }, { type: 'integer' }],
      description: 'Its value; separate several numbers with spaces',
    },
    state: {
      enum: ['present', 'absent'],
      default: 'present',
      description:
        '`present`: set the value now and at every boot; `absent`: do not set it at boot; the current value stays until then',
    },
  },
} as const

export const args = {
  ...shape,
  if: { required: ['state'], properties: { state: { const: 'absent' } } },
  else: { required: ['value'] },
} as const

export const result = {
  type: 'object',
  required: ['name', 'value'],
  properties: {
    name: { type: 'string', description: 'The kernel parameter' },
    value: {
      type: ['string', 'null'],
      description: 'Its current value; null if the host does not have the parameter',
    },
  },
} as const

export type Args = FromSchema<typeof shape>
