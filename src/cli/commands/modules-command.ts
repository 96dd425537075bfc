import { exitCodes } from '../../base/errors.ts'
import { didYouMean } from '../../language/suggest.ts'
import { modules as catalogue } from '../../modules/catalogue.ts'
import { describedProperties } from '../../modules/described-properties.ts'
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

function describe(module: Module): string {
  const lines = [`${module.name}: ${module.summary}`, '', 'ARGUMENTS', ...rowsOf(module.args)]
  if (module.freeForm !== undefined)
    lines.push('', `Short form, which sets ${module.freeForm}: \`${module.name}: ...\``)
  lines.push(
    '',
    'RESULT (fields of the registered variable, besides changed, failed, skipped and msg)',
    ...rowsOf(module.result),
  )
  return lines.join('\n')
}

function rowsOf(schema: unknown): readonly string[] {
  const rows = describedProperties(schema).map(({ name, required, type, description, default: preset }) => [
    `  ${name}`,
    required ? 'required' : '',
    type,
    [description, preset === undefined ? '' : `Default: ${preset}`].filter((part) => part !== '').join(' '),
  ])
  return rows.length === 0 ? ['  none'] : table(rows)
}
