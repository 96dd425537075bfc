import type { FromSchema } from 'json-schema-to-ts'

/**
 * Name, architecture and version as apt-get takes them; no globs, and no `name-`, with which apt-get would
 * remove.
 */
const packageName = {
  type: 'string',
  title: 'a package name',
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
    deb: {
      type: 'string',
      pattern: '^(/\\S+|https://[^\\s@]+)$',
      title: 'an absolute path or an https:// URL without a user name',
      description:
        'Package file to install, with its dependencies, instead of `name`: a path on the host, or a URL that the host downloads ' +
        'to /var/cache/gpuplay/packages',
    },
    checksum: {
      type: 'string',
      pattern: '^sha256:[0-9A-Fa-f]{64}$',
      title: '`sha256:` and 64 hex digits',
      description: 'Checksum of `deb`; without it, a file that was downloaded once is not downloaded again',
    },
    state: {
      enum: ['present', 'absent', 'latest'],
      default: 'present',
      description: '`latest`: the newest version in the repositories',
    },
    update_cache: {
      type: 'boolean',
      default: false,
      description:
        'Update the package lists first if packages have to be installed and the lists are older than `cache_valid_time`; ' +
        'without `name`, whenever they are older. If a package is in no list, the lists are always updated',
    },
    cache_valid_time: {
      type: 'integer',
      minimum: 60,
      maximum: 31536000,
      default: 3600,
      description: 'Seconds until package lists are outdated',
    },
    install_recommends: {
      type: 'boolean',
      description: 'Also install recommended packages; default: as apt is configured on the host',
    },
    purge: {
      type: 'boolean',
      default: false,
      description: 'With `absent` or `autoremove`: also remove configuration files',
    },
    autoremove: {
      type: 'boolean',
      default: false,
      description:
        'Also remove packages that were installed only because others needed them, and that none needs any more; ' +
        'with `purge`, also their configuration files',
    },
    allow_downgrade: {
      type: 'boolean',
      default: false,
      description: 'Allow an older version to replace a newer one',
    },
    allow_remove: {
      ...globs,
      description:
        'Packages (with `*` and `?`) that apt may remove as a side effect; if it would remove others, fail before changing anything',
    },
    forbid: {
      ...globs,
      description:
        'Packages (with `*` and `?`) that must not be installed; if apt would install them, fail before changing anything',
    },
    optional: {
      type: 'boolean',
      default: false,
      description: 'With `present`: warn about packages that no repository offers, instead of failing',
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
      description: 'Proxy for downloads',
    },
  },
} as const

export const args = {
  ...shape,
  anyOf: ['name', 'deb', 'update_cache', 'autoremove'].map((name) => ({ required: [name] })),
  not: { required: ['name', 'deb'] },
  dependentRequired: { checksum: ['deb'] },
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
