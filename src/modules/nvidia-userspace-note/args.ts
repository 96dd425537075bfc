export const args = { type: 'object', additionalProperties: false, properties: {} } as const

export const result = {
  type: 'object',
  required: ['version'],
  properties: {
    version: {
      type: ['string', 'null'],
      description: 'Version of the user-space driver; null if there is none, or the container is stopped',
    },
  },
} as const

export type Args = Readonly<Record<string, never>>
