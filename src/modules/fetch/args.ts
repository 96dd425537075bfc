import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['src', 'dest'],
  properties: {
    src: { type: 'string', pattern: absolutePath, description: 'The file on the host' },
    dest: {
      type: 'string',
      minLength: 1,
      description:
        'Folder on the machine that gpuplay runs on, seen from the playbook; the file is saved as `DEST/HOST/SRC`, readable only for its owner',
    },
    flat: {
      type: 'boolean',
      default: false,
      description:
        '`dest` is the file itself, or with a final slash its folder; several hosts need several names',
    },
    fail_on_missing: {
      type: 'boolean',
      default: true,
      description: 'Fail if the host has no such file; otherwise warn',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['src', 'dest', 'checksum'],
  properties: {
    src: { type: 'string', description: 'The file on the host' },
    dest: { type: 'string', description: 'Where it was saved' },
    checksum: { type: 'string', description: 'sha256 of the content in hex; empty without a file' },
  },
} as const

export type Args = FromSchema<typeof args>
