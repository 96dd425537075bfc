const name = { type: 'string', minLength: 1 } as const

export const args = {
  type: 'object',
  properties: {
    name: {
      ...name,
      title: 'the name of a host',
      description: 'The host. A port may follow: `web1:2222`',
    },
    groups: {
      oneOf: [name, { type: 'array', items: name }],
      default: [],
      description: 'Groups that the host joins, as a list, or as one text with commas',
    },
  },
  required: ['name'],
  additionalProperties: {
    description: 'A variable of the host, such as `address`, `user`, `node` and `ctid`',
  },
} as const

export const result = { type: 'object', properties: {} } as const

export interface Args {
  readonly name: string
  readonly groups: string | readonly string[]
  readonly [variable: string]: unknown
}
