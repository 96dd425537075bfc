import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'
import { accountNamePattern } from '../support/accounts.ts'

const groupName = { type: 'string', pattern: accountNamePattern } as const

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: accountNamePattern, description: 'The user' },
    state: { enum: ['present', 'absent'], default: 'present', description: 'Whether the user exists' },
    uid: {
      type: 'integer',
      minimum: 0,
      maximum: 4294967294,
      description: 'Its ID; default: the next free one',
    },
    group: {
      ...groupName,
      description: 'Primary group, which must exist; default for a new user: a group of the same name',
    },
    groups: {
      oneOf: [
        { type: 'array', items: groupName, uniqueItems: true },
        { type: 'string', pattern: '^([A-Za-z_][A-Za-z0-9_.$-]*(, *[A-Za-z_][A-Za-z0-9_.$-]*)*)?$' },
      ],
      description: 'The other groups, which must exist: a list, or names separated by commas',
    },
    append: {
      type: 'boolean',
      default: false,
      description: '`false`: the user leaves all groups that `groups` does not name',
    },
    comment: { type: 'string', pattern: '^[^:\\r\\n]*$', description: 'Full name, or another description' },
    home: { type: 'string', pattern: absolutePath, description: 'Home directory' },
    create_home: {
      type: 'boolean',
      default: true,
      description: 'Create the home directory of a new user if it does not exist',
    },
    move_home: {
      type: 'boolean',
      default: false,
      description: 'Move the files of an existing user to a new `home`',
    },
    shell: { type: 'string', pattern: absolutePath, description: 'Login shell' },
    system: {
      type: 'boolean',
      default: false,
      description: 'Take the ID of a new user from the range for system users',
    },
    password: {
      type: 'string',
      pattern: '^([*!]|!?\\$[0-9a-z]+\\$[^:\\s]+)$',
      title: 'a hash as in shadow(5), such as $6$salt$..., or *',
      description:
        'Hash of the password, such as `mkpasswd --method=sha-512` prints; `*`: no password, so no login with one',
    },
    update_password: {
      enum: ['always', 'on_create'],
      default: 'always',
      description: '`on_create`: set `password` only for a new user',
    },
    password_lock: { type: 'boolean', description: 'Whether the password is locked; keys still work' },
    remove: {
      type: 'boolean',
      default: false,
      description: 'With `absent`: also remove the home directory and the mail of the user',
    },
  },
} as const

export const args = shape

export const result = {
  type: 'object',
  required: ['name', 'uid', 'group', 'groups', 'home', 'shell'],
  properties: {
    name: { type: 'string', description: 'The user' },
    uid: { type: ['integer', 'null'], description: 'Its ID; null if there is no such user' },
    group: { type: 'string', description: 'Primary group' },
    groups: { type: 'array', items: { type: 'string' }, description: 'The other groups' },
    home: { type: 'string', description: 'Home directory' },
    shell: { type: 'string', description: 'Login shell' },
  },
} as const

export type Args = FromSchema<typeof shape>
