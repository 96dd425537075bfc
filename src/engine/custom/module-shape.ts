/** Checks what the file of a module exports against the contract of modules. */
import type { Problem } from '../../base/errors.ts'
import { SchemaChecker } from '../../language/schema.ts'
import { problem, type SourceFile } from '../../language/source.ts'
import type { Module } from '../../modules/module.ts'

export interface LoadedModule {
  /** Undefined if there is a mistake. */
  readonly module: Module | undefined
  readonly problems: readonly Problem[]
}

const functions = ['probe', 'plan', 'report', 'message', 'row', 'mayChange', 'imperative'] as const
const lists = ['mayBeUnknown', 'mayBeSecret', 'expressions', 'evaluated', 'saves'] as const
const others = ['name', 'summary', 'args', 'result', 'freeForm', 'files', 'exitCode', 'verifies'] as const
const required = ['name', 'summary', 'args', 'result', 'probe', 'plan'] as const
const whole = 'export default'
const known: ReadonlySet<string> = new Set([...functions, ...lists, ...others])

export function checkShape(exported: unknown, name: string, source: SourceFile): LoadedModule {
  const problems: Problem[] = []
  const report = (message: string, key: string, hint?: string): void => {
    problems.push(
      problem('invalid-module', message, {
        where: placeOf(source, key),
        hint,
      }),
    )
  }
  if (!isRecord(exported)) {
    report(
      'the file exports no module',
      'export default',
      'write `export default { name, ... } satisfies Module`',
    )
    return { module: undefined, problems }
  }
  for (const key of required) if (exported[key] === undefined) report(`the module has no ${key}`, whole)
  for (const key of Object.keys(exported))
    if (!known.has(key))
      report(
        `modules have no ${JSON.stringify(key)}`,
        key,
        key === 'runs' ? 'only command and shell run programs that a playbook names' : undefined,
      )
  if (exported['name'] !== undefined && exported['name'] !== name)
    report(`the module must have the name of its file: "${name}"`, 'name')
  const { summary } = exported
  if (summary !== undefined && !(typeof summary === 'string' && /^[A-Z].*\.$/.test(summary)))
    report('summary must be one sentence', 'summary')
  for (const key of functions)
    if (exported[key] !== undefined && typeof exported[key] !== 'function')
      report(`${key} must be a function`, key)
  for (const key of lists)
    if (exported[key] !== undefined && !isTexts(exported[key])) report(`${key} must be a list of names`, key)
  for (const key of ['args', 'result'] as const) checkSchema(key, exported[key], report)
  checkNames(exported, report)
  return isModule(exported) && problems.length === 0
    ? { module: exported, problems }
    : { module: undefined, problems }
}

type Report = (message: string, key: string, hint?: string) => void

function checkSchema(key: 'args' | 'result', schema: unknown, report: Report): void {
  if (schema === undefined) return
  if (!isRecord(schema) || schema['type'] !== 'object') {
    report(`${key} must be a JSON Schema with type: 'object'`, key)
    return
  }
  try {
    new SchemaChecker().compile(schema)
  } catch (error) {
    report(
      `${key} is not a valid JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
      key,
    )
    return
  }
  if (key === 'result') return
  for (const [name, property] of Object.entries(propertiesOf(schema)))
    if (!isRecord(property) || typeof property['description'] !== 'string' || property['description'] === '')
      report(`the argument ${name} has no description`, name)
}

/** Names of arguments in other parts must be those of `args`. */
function checkNames(exported: Readonly<Record<string, unknown>>, report: Report): void {
  const { args, files, freeForm } = exported
  if (!isRecord(args)) return
  const names = new Set(Object.keys(propertiesOf(args)))
  const used = [
    ...lists.flatMap((key) =>
      isTexts(exported[key]) ? exported[key].map((name) => [key, name] as const) : [],
    ),
    ...(isRecord(files) ? Object.keys(files).map((name) => ['files', name] as const) : []),
    ...(typeof freeForm === 'string' ? [['freeForm', freeForm] as const] : []),
  ]
  for (const [key, name] of used)
    if (!names.has(name)) report(`${key} names ${JSON.stringify(name)}, which is no argument`, key)
}

/** Everything that `checkShape` does not check already makes a module at most useless, never unsafe. */
function isModule(value: object): value is Module {
  return required.every((key) => key in value)
}

function propertiesOf(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { properties } = schema
  return isRecord(properties) ? properties : {}
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Where the file names a property; `export default` or its beginning if it does not. */
function placeOf(source: SourceFile, key: string): ReturnType<SourceFile['position']> {
  const pattern = key === whole ? whole : `(?<![^{,\\s])${key.replaceAll(/\W/g, '.')}(?=\\s*[:(,])`
  const at = source.text.search(new RegExp(pattern))
  if (at !== -1) return source.position(at, key.length)
  return key === whole ? source.position(0) : placeOf(source, whole)
}
