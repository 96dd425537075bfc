export const args = { type: 'object', additionalProperties: false, properties: {} } as const

const installed = {
  type: 'object',
  required: ['name', 'version', 'arch', 'source'],
  properties: {
    name: { type: 'string', description: 'The package' },
    version: { type: 'string', description: 'The installed version' },
    arch: { type: 'string', description: 'Its architecture, such as `amd64` or `all`' },
    source: { const: 'apt', description: 'The package manager' },
  },
} as const

export const result = {
  type: 'object',
  required: ['packages'],
  properties: {
    packages: {
      type: 'object',
      additionalProperties: { type: 'array', items: installed },
      description: 'Installed packages by name, each a list with an entry for each architecture',
    },
  },
} as const
