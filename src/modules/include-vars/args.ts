import type { FromSchema } from 'json-schema-to-ts'

const name = { type: 'string', minLength: 1, title: 'the name of a file' } as const

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    file: {
      oneOf: [name, { type: 'array', items: name, minItems: 1 }],
      description:
        'File of variables, searched in `vars/` of the role, in the role, in `vars/` next to the playbook, then next ' +
        'to the playbook; of a list, the first file that exists is read',
    },
    dir: {
      ...name,
      title: 'the name of a folder',
      description: 'Folder whose files are all read, in the order of their names',
    },
    name: {
      type: 'string',
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      description: 'Variable that gets all the others as a map',
    },
    depth: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description: 'Levels of folders below `dir`; 0 for all',
    },
    extensions: {
      type: 'array',
      items: { type: 'string', pattern: '^[^./]+$' },
      minItems: 1,
      default: ['yml', 'yaml', 'json'],
      description: 'Endings of the files in `dir` that are read',
    },
    files_matching: {
      type: 'string',
      minLength: 1,
      description: 'Regular expression that the names of files in `dir` contain',
    },
    ignore_files: {
      type: 'array',
      items: name,
      default: [],
      description: 'Names of files in `dir` that are left out; `*` matches anything',
    },
  },
  oneOf: [{ required: ['file'] }, { required: ['dir'] }],
} as const

export const result = { type: 'object', properties: {} } as const

export type Args = FromSchema<typeof args>
