import { absolutePath } from '../../base/posix-paths.ts'
import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/driver-version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'Driver version, "580.95.05"' },
    url: {
      type: 'string',
      default: '',
      description: "URL of the `.run`; if empty, NVIDIA's or the mirror's for this version",
    },
    directory: {
      type: 'string',
      pattern: absolutePath,
      default: '/var/cache/gpuplay',
      description: 'Cache directory on the node',
    },
    sha256: {
      type: 'string',
      pattern: '^([0-9a-fA-F]{64})?$',
      default: '',
      description: 'sha256 of the `.run`; if empty, the published one; fail if none is published',
    },
    source: {
      type: 'string',
      pattern: '^(node|controller|https?://.+)$',
      default: 'node',
      description:
        '`node`: the node downloads it; `controller`: upload a file from the machine that gpuplay runs on; or the URL of a mirror that serves VERSION/NAME.run',
    },
    file: {
      type: 'string',
      description: 'With source `controller`: the file, searched in `files/` of the role and the playbook',
    },
    keep: {
      type: 'integer',
      minimum: 1,
      default: 2,
      description: 'Number of versions to keep, including this one',
    },
    proxy: { type: 'string', default: '', description: 'Proxy for the download' },
  },
} as const

export const result = {
  type: 'object',
  required: ['path', 'version'],
  properties: {
    path: { type: 'string', description: 'The `.run` on the node' },
    version: { type: 'string' },
    sha256: {
      type: ['string', 'null'],
      description: 'sha256 of the file in the cache; null if it is not there yet',
    },
  },
} as const

export type Args = FromSchema<typeof args>
