export const args = {
  type: 'object',
  minProperties: 1,
  propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
  additionalProperties: { description: 'A variable of the host, for the rest of the run' },
  properties: {},
} as const

export const result = { type: 'object', properties: {} } as const

export type Args = Readonly<Record<string, unknown>>
