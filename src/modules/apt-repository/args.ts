import type { FromSchema } from 'json-schema-to-ts'

const words = {
  type: 'array',
  items: { type: 'string', pattern: '^[^\\s\\[\\]#]+$' },
} as const

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$',
      description: 'Name of the file in /etc/apt/sources.list.d, without extension',
    },
    state: {
      enum: ['present', 'absent'],
      default: 'present',
      description: 'Whether the repository is configured',
    },
    types: { ...words, default: ['deb'], minItems: 1, description: '`deb`, `deb-src`' },
    uris: { ...words, default: [], description: 'URLs of the repository' },
    suites: {
      ...words,
      default: [],
      description: 'Suites, such as `bookworm`; for a flat repository, a path that ends in a slash',
    },
    components: {
      ...words,
      default: [],
      description: 'Components, such as `main`; empty for a flat repository',
    },
    architectures: { ...words, default: [], description: 'Architectures; default: all of the host' },
    signed_by: {
      type: 'string',
      minLength: 1,
      description:
        'An armored key, its URL (the host downloads it once), or the path of a keyring on the host',
    },
    format: {
      enum: ['deb822', 'list'],
      default: 'deb822',
      description: '`list`: one-line entries, for releases before Debian 9',
    },
    conflicts: {
      enum: ['refuse', 'disable'],
      default: 'refuse',
      description:
        'If another entry names the same repository with another key, which makes apt fail. `refuse`: fail; `disable`: comment that entry out, keeping a backup in /var/lib/gpuplay/v1/backups',
    },
    update_cache: { type: 'boolean', default: true, description: 'Update the package lists after a change' },
    proxy: {
      type: 'string',
      pattern: '^(https?://\\S+)?$',
      default: '',
      description: 'Proxy for the key and the package lists',
    },
    lock_timeout: {
      type: 'integer',
      minimum: 0,
      maximum: 3600,
      default: 120,
      description: 'Seconds to wait for another package manager',
    },
  },
} as const

export const args = {
  ...shape,
  anyOf: [
    { required: ['uris', 'suites'] },
    { required: ['state'], properties: { state: { const: 'absent' } } },
  ],
} as const

export const result = {
  type: 'object',
  required: ['file', 'conflicts'],
  properties: {
    file: { type: 'string', description: 'The file of the repository' },
    conflicts: {
      type: 'array',
      items: { type: 'string' },
      description: 'Files with entries for the same repository with another key',
    },
  },
} as const

export type Args = FromSchema<typeof shape>
