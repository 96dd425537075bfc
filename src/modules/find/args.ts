import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'

const patterns = {
  oneOf: [
    { type: 'array', items: { type: 'string', minLength: 1, maxLength: 1000 } },
    { type: 'string', minLength: 1, maxLength: 1000 },
  ],
} as const
const directory = { type: 'string', pattern: absolutePath } as const

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['paths'],
  properties: {
    paths: {
      oneOf: [{ type: 'array', minItems: 1, items: directory }, directory],
      description: 'Directories to search: one, or a list',
    },
    patterns: {
      ...patterns,
      default: [],
      description: 'Names to find, with `*`, `?` and `[abc]`: one, or a list; default: all',
    },
    excludes: { ...patterns, default: [], description: 'Names to leave out, in the same form as `patterns`' },
    use_regex: {
      type: 'boolean',
      default: false,
      description:
        '`patterns` and `excludes` are regular expressions (RE2) that match from the beginning of the name',
    },
    file_type: {
      enum: ['file', 'directory', 'link', 'any'],
      default: 'file',
      description: 'What to find',
    },
    contains: {
      type: 'string',
      minLength: 1,
      maxLength: 1000,
      pattern: '^[^-\\r\\n][^\\r\\n]*$',
      description:
        'Only files with a line that matches this extended regular expression (`grep -E`); not other kinds. It cannot begin with `-`',
    },
    recurse: { type: 'boolean', default: false, description: 'Also search the directories below' },
    depth: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      description: 'With `recurse`: how many levels to search; 1 is the directory itself',
    },
    hidden: { type: 'boolean', default: false, description: 'Also find names that begin with a dot' },
    size: {
      type: 'string',
      pattern: '^-?[0-9]{1,12}[bkmgt]?$',
      description:
        'At least this size in bytes, or with a minus sign at most; `k`, `m`, `g` and `t` are units of 1024',
    },
    age: {
      type: 'string',
      pattern: '^-?[0-9]{1,9}[smhdw]?$',
      description:
        'Last changed at least this long ago, or with a minus sign at most: seconds, or with `m`, `h`, `d`, `w`',
    },
    age_stamp: {
      enum: ['mtime', 'atime', 'ctime'],
      default: 'mtime',
      description:
        'The time that `age` is about: last change of the content, last access, or last change of the attributes',
    },
    get_checksum: { type: 'boolean', default: false, description: 'Also report the checksum of each file' },
    limit: {
      type: 'integer',
      minimum: 1,
      description: 'Report at most so many; a search does not become faster by it',
    },
  },
} as const

const file = {
  type: 'object',
  required: ['path', 'isreg', 'isdir', 'islnk', 'mode', 'size', 'uid', 'gid', 'mtime'],
  properties: {
    path: { type: 'string', description: 'The path' },
    isreg: { type: 'boolean', description: 'A file' },
    isdir: { type: 'boolean', description: 'A directory' },
    islnk: { type: 'boolean', description: 'A link' },
    mode: { type: 'string', description: 'Four octal digits' },
    size: { type: 'integer', description: 'Bytes' },
    uid: { type: 'integer', description: 'User ID' },
    gid: { type: 'integer', description: 'Group ID' },
    mtime: { type: 'number', description: 'Last change of the content, in seconds since 1970' },
    atime: { type: 'number', description: 'Last access; only with `age_stamp: atime`' },
    ctime: { type: 'number', description: 'Last change of the attributes; only with `age_stamp: ctime`' },
    checksum: { type: 'string', description: 'sha256 in hex; only of a file, with `get_checksum`' },
  },
} as const

export const result = {
  type: 'object',
  required: ['files', 'matched', 'examined'],
  properties: {
    files: { type: 'array', items: file, description: 'What was found, sorted by path' },
    matched: { type: 'integer', description: 'Number of `files`' },
    examined: { type: 'integer', description: 'Number of names that were compared' },
  },
} as const

export type Args = FromSchema<typeof args>
