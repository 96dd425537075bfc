/** The cases of a module in `NAME.cases.yml` next to it. */
import { InputError, type Problem } from '../../base/errors.ts'
import { type Files, readText } from '../../language/read-files.ts'
import { SchemaChecker } from '../../language/schema.ts'
import { problem, SourceFile } from '../../language/source.ts'
import { ValueReader } from '../../language/values.ts'
import { readYaml, yamlData } from '../../language/yaml.ts'

export interface ModuleCase {
  readonly says: string
  /** Shell commands that prepare the host. */
  readonly setup?: string
  readonly args: Readonly<Record<string, unknown>>
  /** `unknown`: only the run knows the outcome. `failed`: the module refuses, in a dry run, too. */
  readonly dry: 'changed' | 'unknown' | 'ok' | 'failed'
  /** Code of the problem of `failed`. */
  readonly problem?: string
  /** The outcome of a second run. */
  readonly again: 'ok' | 'changed'
  /** Regular expressions of paths that change besides the declared ones. */
  readonly besides: readonly string[]
}

export interface ModuleCases {
  /** Directories that are compared. */
  readonly watch: readonly string[]
  readonly cases: readonly ModuleCase[]
}

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['watch', 'cases'],
  properties: {
    watch: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^/' } },
    cases: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['says', 'args'],
        properties: {
          says: { type: 'string', minLength: 1 },
          setup: { type: 'string' },
          args: { type: 'object' },
          dry: { enum: ['changed', 'unknown', 'ok', 'failed'], default: 'changed' },
          problem: { type: 'string' },
          again: { enum: ['ok', 'changed'], default: 'ok' },
          besides: { type: 'array', items: { type: 'string' }, default: [] },
        },
      },
    },
  },
} as const

/** @throws InputError with every mistake in the file, or if there is none */
export function readModuleCases(path: string, files: Files): ModuleCases {
  if (files.kind(path) === undefined)
    throw new InputError([
      problem('no-cases', `there is no file ${path} with cases for the module`, {
        hint: 'write `watch: [/srv]` and `cases: [{says: a file, args: {...}}]` into it (see docs/playbooks.md)',
      }),
    ])
  const problems: Problem[] = []
  const text = readText(files, path, problems) ?? ''
  const source = new SourceFile(path, text)
  const { root, problems: found } = readYaml(source)
  problems.push(...found)
  if (problems.length > 0 || root === undefined) throw new InputError(problems)
  const { data, problems: mistakes } = new SchemaChecker().complete(schema, yamlData(root), {
    value: new ValueReader().value(root),
    subject: { label: path, where: source.position(0), code: 'invalid-argument' },
  })
  if (mistakes.length > 0 || !isCases(data)) throw new InputError(mistakes)
  return data
}

/** After the check of the schema. */
function isCases(data: unknown): data is ModuleCases {
  return typeof data === 'object' && data !== null && 'cases' in data
}
