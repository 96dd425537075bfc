import { exitCodes } from '../../base/errors.ts'
import { didYouMean } from '../../language/suggest.ts'
import { modules as catalogue } from '../../modules/catalogue.ts'
import type { Module } from '../../modules/module.ts'
import { table } from '../../view/text.ts'
import type { Context } from '../context.ts'

export interface ModulesFlags {
  readonly json: boolean
}

/** `gpuplay modules [NAME]` */
export function modulesCommand(this: Context, flags: ModulesFlags, name?: string): void {
  if (name === undefined) {
    if (flags.json) {
      this.output.write(`${JSON.stringify(catalogue.map(asData), null, 2)}\n`)
      return
    }
    const rows = catalogue.map((module) => [module.name, module.summary])
    this.output.write(`${table(rows).join('\n')}\n`)
    return
  }
  const module = catalogue.find((candidate) => candidate.name === name)
  if (module === undefined) {
    const names = catalogue.map((candidate) => candidate.name)
    const hint = didYouMean(name, names, 'run "gpuplay modules" to list all')
    this.errors.write(`error: there is no module ${JSON.stringify(name)}\n  help: ${hint}\n`)
    this.setExitCode(exitCodes.invalidInput)
    return
  }
  this.output.write(flags.json ? `${JSON.stringify(asData(module), null, 2)}\n` : `${describe(module)}\n`)
}

function asData({ name, summary, args, result }: Module): object {
  return { name, summary, args, result }
}

interface Property {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly items?: Property
  readonly oneOf?: readonly Property[]
  readonly anyOf?: readonly Property[]
}

interface Shape {
  /** The schema of keys that `properties` does not name. */
  readonly additionalProperties?: boolean | Property
  readonly properties?: Readonly<Record<string, Property>>
  readonly required?: readonly string[]
}

function describe(module: Module): string {
  const args = shapeOf(module.args)
  const result = shapeOf(module.result)
  const lines = [`${module.name}: ${module.summary}`, '', 'ARGUMENTS', ...properties(args)]
  if (module.freeForm !== undefined)
    lines.push('', `Short form, which sets ${module.freeForm}: \`${module.name}: ...\``)
  lines.push(
    '',
    'RESULT (fields of the registered variable, besides changed, failed, skipped and msg)',
    ...properties(result),
  )
  return lines.join('\n')
}

function shapeOf(schema: unknown): Shape {
  return typeof schema === 'object' && schema !== null ? schema : {}
}

function properties({
  properties: all = {},
  required = [],
  additionalProperties: other,
}: Shape): readonly string[] {
  const others: readonly [string, Property][] = typeof other === 'object' ? [['any name', other]] : []
  const rows = [...Object.entries(all), ...others].map(([name, property]) => [
    `  ${name}`,
    required.includes(name) ? 'required' : '',
    typeText(property),
    [
      property.description ?? '',
      property.default === undefined ? '' : `Default: ${JSON.stringify(property.default)}`,
    ]
      .filter((part) => part !== '')
      .join(' '),
  ])
  return rows.length === 0 ? ['  none'] : table(rows)
}

function typeText({ type, enum: values, items, oneOf = [], anyOf = [] }: Property): string {
  if (values !== undefined) return values.map(String).join('|')
  const alternatives = [...oneOf, ...anyOf].map(typeText)
  if (alternatives.length > 0) return [...new Set(alternatives)].join(' or ')
  const name = typeof type === 'string' ? type : (type ?? []).join(' or ')
  return items?.type === undefined ? name : `${name} of ${String(items.type)}`
}
