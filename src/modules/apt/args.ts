import type { FromSchema } from 'json-schema-to-ts'

/** Name, architecture and version as apt-get takes them; no globs, and no `name-`, with which apt-get would remove. */
const packageName = {
  type: 'string',
  pattern: '^[a-z0-9][a-z0-9+.-]*[a-z0-9+.](:[a-z0-9]+)?(=[A-Za-z0-9.+~:-]+)?$',
} as const

const globs = { type: 'array', items: { type: 'string', pattern: '^[a-z0-9+.*?-]+$' }, default: [] } as const

const shape = {
  type: 'object',
  additionalProperties: false,
  properties: {
    name: {
      oneOf: [packageName, { type: 'array', items: packageName }],
      default: [],
      description: 'Packages, `name` or `name=version`; one or a list',
    },
    state: {
      enum: ['present', 'absent', 'latest'],
      default: 'present',
      description: '`latest`: the newest that the repositories offer',
    },
    update_cache: {
      type: 'boolean',
      default: false,
      description:
        'Fetches the package lists when there is something to install and they are older than `cache_valid_time`, ' +
        'or without `name` whenever they are. Where a package is in no list they are fetched in any case',
    },
    cache_valid_time: {
      type: 'integer',
      minimum: 60,
      maximum: 31536000,
      default: 3600,
      description: 'Seconds for which fetched lists are good',
    },
    install_recommends: {
      type: 'boolean',
      description: 'Whether recommended packages come too; as apt on the host is configured unless given',
    },
    purge: { type: 'boolean', default: false, description: 'With `absent`: the configuration goes too' },
    allow_downgrade: {
      type: 'boolean',
      default: false,
      description: 'Whether an older version may replace a newer one',
    },
    allow_remove: {
      ...globs,
      description:
        'Packages (`*` and `?` stand for others) that may be removed on the way; any other removal is refused before anything is done',
    },
    forbid: {
      ...globs,
      description:
        'Packages (`*` and `?` stand for others) that must not come in; otherwise it is refused before anything is done',
    },
    lock_timeout: {
      type: 'integer',
      minimum: 0,
      maximum: 3600,
      default: 120,
      description: 'Seconds to wait for another package manager',
    },
    proxy: {
      type: 'string',
      pattern: '^(https?://\\S+)?$',
      default: '',
      description: 'A proxy for downloads',
    },
  },
} as const

export const args = {
  ...shape,
  anyOf: [{ required: ['name'] }, { required: ['update_cache'] }],
} as const

export const result = {
  type: 'object',
  required: ['versions'],
  properties: {
    versions: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Installed version by package name',
    },
  },
} as const

export type Args = FromSchema<typeof shape>
