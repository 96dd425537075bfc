import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'string', pattern: '^[0-9]+\\.[0-9]+$', description: 'Version of the toolkit, "12.8"' },
    packages: {
      type: 'array',
      items: { type: 'string', pattern: '^[a-z0-9][a-z0-9+.-]+$' },
      minItems: 1,
      default: ['cuda-toolkit'],
      description: 'Packages without their version, such as `cuda-nvcc`',
    },
    compat: {
      enum: ['minor', 'strict'],
      default: 'minor',
      description:
        "Which drivers are good enough: `minor`, within the major version's limits (with a warning); `strict`, only those that the release notes name",
    },
    sources: {
      enum: ['cure', 'refuse'],
      default: 'cure',
      description:
        'What to do with other apt sources for CUDA: taken out of force, with a backup; or refused',
    },
    proxy: { type: 'string', default: '', description: 'Proxy for downloads and apt' },
    wait: {
      type: 'integer',
      minimum: 0,
      default: 120,
      description: 'Seconds in which the container must have come up',
    },
    timeout: { type: 'integer', minimum: 1, default: 3600, description: 'Seconds that apt gets' },
  },
} as const

export const result = {
  type: 'object',
  required: ['running', 'home'],
  properties: {
    running: { type: 'boolean', description: 'False: the container is stopped, and nothing was done' },
    home: { type: 'string', description: 'Where the toolkit lies, `/usr/local/cuda-12.8`' },
  },
} as const

type Schema = FromSchema<typeof args>
/** Defaults are filled in before the module is asked. */
export type Args = Required<Schema>
