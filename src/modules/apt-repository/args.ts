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
      description: 'Name of the file in /etc/apt/sources.list.d, without its ending',
    },
    state: { enum: ['present', 'absent'], default: 'present', description: 'Whether it is configured' },
    types: { ...words, default: ['deb'], minItems: 1, description: '`deb`, `deb-src`' },
    uris: { ...words, default: [], description: 'Addresses of the repository' },
    suites: {
      ...words,
      default: [],
      description: 'Suites, such as `bookworm`; a path with a final slash for a flat repository',
    },
    components: {
      ...words,
      default: [],
      description: 'Components, such as `main`; none for a flat repository',
    },
    architectures: { ...words, default: [], description: 'Only these; all of the host unless given' },
    signed_by: {
      type: 'string',
      minLength: 1,
      description:
        'The key: an armored key itself, the address of one (fetched once, by the host), or the path of a keyring on the host',
    },
    format: {
      enum: ['deb822', 'list'],
      default: 'deb822',
      description: '`list` writes one-line entries, for releases older than Debian 9',
    },
    conflicts: {
      enum: ['refuse', 'cure'],
      default: 'refuse',
      description:
        'What to do about entries of the same repository with another key, which would stop apt as a whole: refuse, or switch just those off, with a copy in /var/backups',
    },
    update_cache: { type: 'boolean', default: true, description: 'Fetches the package lists after a change' },
    proxy: {
      type: 'string',
      pattern: '^(https?://\\S+)?$',
      default: '',
      description: 'A proxy for the key and the lists',
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
      description: 'Files with entries of the same repository and another key',
    },
  },
} as const

export type Args = FromSchema<typeof shape>
