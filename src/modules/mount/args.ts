import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

const word = { type: 'string', minLength: 1, pattern: '^[^\\s#][^\\r\\n\\u0000]*$' } as const

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['path', 'state'],
  properties: {
    path: { type: 'string', pattern: absolutePath, description: 'The mount point' },
    src: {
      ...word,
      description: 'What to mount: a device, `UUID=...`, a path for a bind mount, `server:/path`',
    },
    fstype: {
      type: 'string',
      pattern: '^[a-z0-9][a-z0-9._-]*$',
      description: 'Type of the file system; `none` for a bind mount',
    },
    opts: {
      type: 'string',
      pattern: '^\\S+$',
      default: 'defaults',
      description: 'Mount options, separated by commas',
    },
    dump: {
      type: 'integer',
      minimum: 0,
      maximum: 1,
      default: 0,
      description: 'Fifth field of the line in /etc/fstab',
    },
    passno: {
      type: 'integer',
      minimum: 0,
      maximum: 2,
      default: 0,
      description: 'Sixth field: 1 or 2 checks the file system at boot',
    },
    state: {
      enum: ['mounted', 'present', 'unmounted', 'absent'],
      description:
        '`mounted`: now and at boot; `present`: only at boot; `unmounted`: not now; `absent`: neither now nor at boot; the directory stays',
    },
    backup: {
      type: 'boolean',
      default: false,
      description: 'Keep a copy of the old /etc/fstab, with the time in its name',
    },
  },
} as const

export const args = {
  ...shape,
  if: { properties: { state: { enum: ['unmounted', 'absent'] } } },
  else: { required: ['src', 'fstype'] },
} as const

export const result = {
  type: 'object',
  required: ['path', 'mounted'],
  properties: {
    path: { type: 'string', description: 'The mount point' },
    mounted: { type: 'boolean', description: 'Whether something is mounted there' },
  },
} as const

export type Args = FromSchema<typeof shape>
