export const args = { type: 'object', additionalProperties: false, properties: {} } as const

export const result = {
  type: 'object',
  required: ['driver'],
  properties: {
    driver: { type: ['string', 'null'], description: 'Version of the user-space driver' },
  },
} as const

export type Args = Readonly<Record<string, never>>
