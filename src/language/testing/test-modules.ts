import type { ModuleSchema } from '../module-schema.ts'

const text = { type: 'string' } as const

/** A few modules as the language sees them, for its tests. */
export const testModules: ReadonlyMap<string, ModuleSchema> = new Map(
  [
    {
      name: 'copy',
      summary: 'Writes a file.',
      args: {
        type: 'object',
        properties: {
          dest: { type: 'string', description: 'where the file is written' },
          src: text,
          content: text,
          mode: text,
          remote_src: { type: 'boolean' },
          backup: { type: 'boolean', default: false },
        },
        required: ['dest'],
        additionalProperties: false,
        oneOf: [{ required: ['src'] }, { required: ['content'] }],
      },
      result: { type: 'object', properties: { dest: text, checksum: text } },
      files: { src: 'files' },
    },
    {
      name: 'template',
      summary: 'Writes a file from a template.',
      args: {
        type: 'object',
        properties: { src: text, dest: text, mode: text },
        required: ['src', 'dest'],
        additionalProperties: false,
      },
      result: { type: 'object', properties: { dest: text } },
      files: { src: 'templates' },
    },
    {
      name: 'command',
      summary: 'Runs a command.',
      args: {
        type: 'object',
        properties: { cmd: text, chdir: text, creates: text, reads: { type: 'boolean' } },
        required: ['cmd'],
        additionalProperties: false,
      },
      result: { type: 'object', properties: { rc: { type: 'integer' }, stdout: text, stderr: text } },
      freeForm: 'cmd',
      runs: 'tests',
    },
    {
      name: 'service',
      summary: 'Starts and stops services.',
      args: {
        type: 'object',
        properties: {
          name: text,
          state: { enum: ['started', 'stopped', 'restarted'] },
          enabled: { type: 'boolean' },
        },
        required: ['name'],
        additionalProperties: false,
      },
      result: { type: 'object', properties: {} },
    },
    {
      name: 'debug',
      summary: 'Shows something.',
      args: { type: 'object', properties: { msg: {}, var: {} }, additionalProperties: false },
      result: { type: 'object', properties: { msg: text } },
      freeForm: 'msg',
      evaluated: ['var'],
    },
    {
      name: 'set_fact',
      summary: 'Sets variables.',
      args: { type: 'object', additionalProperties: true },
      result: { type: 'object', properties: {} },
      setsFacts: true,
    },
    {
      name: 'include_vars',
      summary: 'Reads variables.',
      args: {
        type: 'object',
        properties: { file: {}, dir: text, name: text, ignore_files: { type: 'array', items: text } },
        additionalProperties: false,
      },
      result: { type: 'object', properties: {} },
      freeForm: 'file',
      includesVariables: true,
    },
    {
      name: 'include_tasks',
      summary: 'Includes tasks.',
      args: { type: 'object', properties: { file: text }, required: ['file'], additionalProperties: false },
      result: { type: 'object', properties: {} },
      freeForm: 'file',
    },
    {
      name: 'include_role',
      summary: 'Includes a role.',
      args: {
        type: 'object',
        properties: { name: text, tasks_from: text },
        required: ['name'],
        additionalProperties: false,
      },
      result: { type: 'object', properties: {} },
      freeForm: 'name',
    },
    {
      name: 'meta',
      summary: 'Directs the play.',
      args: {
        type: 'object',
        properties: { action: text },
        required: ['action'],
        additionalProperties: false,
      },
      result: { type: 'object', properties: {} },
      freeForm: 'action',
    },
    {
      name: 'assert',
      summary: 'Fails unless all conditions are true.',
      args: {
        type: 'object',
        properties: { that: { type: 'array', items: { type: 'boolean' }, minItems: 1 } },
        required: ['that'],
        additionalProperties: false,
      },
      result: { type: 'object', properties: {} },
      expressions: ['that'],
    },
  ].map((module): [string, ModuleSchema] => [module.name, module as ModuleSchema]),
)
