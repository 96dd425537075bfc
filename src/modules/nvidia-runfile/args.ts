import type { FromSchema } from 'json-schema-to-ts'
import { driverVersionPattern } from '../../nvidia/version.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'string', pattern: driverVersionPattern, description: 'Driver version, "580.95.05"' },
    url: {
      type: 'string',
      default: '',
      description: "Address of the `.run`; empty: NVIDIA's own for this version, or the mirror's",
    },
    directory: {
      type: 'string',
      pattern: '^/',
      default: '/var/cache/gpuplay',
      description: 'Where the files are kept on the node',
    },
    sha256: {
      type: 'string',
      pattern: '^([0-9a-fA-F]{64})?$',
      default: '',
      description: 'sha256 of the `.run`; empty: the published one, without which the file is refused',
    },
    source: {
      type: 'string',
      pattern: '^(node|controller|https?://.+)$',
      default: 'node',
      description:
        'Who fetches it: `node`; `controller` sends a file that lies on the machine gpuplay runs on; or the address of a mirror that holds VERSION/NAME.run',
    },
    file: {
      type: 'string',
      description: 'With source `controller`: the file, looked for in `files/` of role and playbook',
    },
    keep: {
      type: 'integer',
      minimum: 1,
      default: 2,
      description: 'How many versions are kept, the wanted one included',
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
      description: 'Of the file in the cache; null when it is not there yet',
    },
  },
} as const

export type Args = FromSchema<typeof args>
