import type { FromSchema } from 'json-schema-to-ts'
import type { Unknown } from '../../base/unknown.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: {
      type: 'string',
      pattern: '^[0-9]+\\.[0-9]+$',
      description: 'Version of the toolkit, such as "12.8"',
    },
    packages: {
      type: 'array',
      items: { type: 'string', pattern: '^[a-z0-9][a-z0-9+.-]+$' },
      minItems: 1,
      default: ['cuda-toolkit'],
      description: 'Package names without version, such as `cuda-nvcc`',
    },
    install: {
      type: 'boolean',
      default: true,
      description: 'If false, only checks that the toolkit fits the driver, the GPUs and the distribution',
    },
    gpus: {
      type: 'array',
      items: { type: 'string' },
      description:
        'PCI addresses of the GPUs that the container gets; default: those that its configuration gives it',
    },
    compat: {
      enum: ['minor', 'strict'],
      default: 'minor',
      description:
        'Drivers to accept. `minor`: those with minor-version compatibility (with a warning); `strict`: only those in the release notes',
    },
    sources: {
      enum: ['disable', 'refuse'],
      default: 'disable',
      description:
        'If there are other apt sources for CUDA. `disable`: comment them out, keeping a backup; `refuse`: fail',
    },
    mirror: {
      type: 'string',
      default: '',
      pattern: '^(https?://[^\\s\\[\\]#]+)?$',
      description: "Address of a copy of NVIDIA's directory `compute/cuda/repos`; default: NVIDIA's own",
    },
    proxy: { type: 'string', default: '', description: 'Proxy for downloads and apt' },
    wait: {
      type: 'integer',
      minimum: 0,
      default: 120,
      description: 'Seconds to wait for the container to finish booting',
    },
    timeout: { type: 'integer', minimum: 1, default: 3600, description: 'Time limit for apt in seconds' },
  },
} as const

export const result = {
  type: 'object',
  required: ['running', 'home', 'programs'],
  properties: {
    running: { type: 'boolean', description: 'False if the container is stopped; then nothing was done' },
    programs: {
      type: 'boolean',
      description: 'Whether the toolkit has programs; one that consists of libraries has none',
    },
    home: { type: 'string', description: 'Directory of the toolkit, `/usr/local/cuda-12.8`' },
  },
} as const

type Schema = FromSchema<typeof args>
/** The arguments with their defaults filled in. A dry run may not know the GPUs (`mayBeUnknown`). */
export type Args = Required<Omit<Schema, 'gpus'>> & { readonly gpus?: readonly string[] | Unknown }
