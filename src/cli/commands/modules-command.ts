import { relative } from 'node:path'
import { defined, mapped } from '../../base/defined.ts'
import { exitCodes } from '../../base/errors.ts'
import type { ModuleTable } from '../../engine/custom/custom-modules.ts'
import { problem } from '../../language/source.ts'
import { didYouMean } from '../../language/suggest.ts'
import { describedProperties } from '../../modules/described-properties.ts'
import type { Module } from '../../modules/module.ts'
import { plainText, table } from '../../view/text.ts'
import type { Context } from '../context.ts'
import { projectModules } from '../project-modules.ts'
import { reportProblems } from '../show.ts'

export interface ModulesFlags {
  readonly json: boolean
}

/** A module, with its file if it is a custom one, relative to this folder. */
interface ListedModule {
  readonly module: Module
  readonly file: string | undefined
}

/** `gpuplay modules [NAME]`. Runs the code of custom modules: of all, or of the named one. */
export function modulesCommand(this: Context, flags: ModulesFlags, name?: string): void {
  const known = projectModules(this)
  const unknown = name === undefined || known.has(name) ? [] : [unknownModule(name, known)]
  const names = [...known.keys()].filter((each) => name === undefined || each === name)
  const listed = names.flatMap((each) => readable(known, each, this.world.workingDirectory))
  const text = flags.json ? jsonOf(listed, name) : textOf(listed, name)
  if (text !== '') this.output.write(`${text}\n`)
  const problems = [...unknown, ...known.problems]
  if (problems.length === 0) return
  reportProblems(this, problems, { color: 'auto' })
  this.setExitCode(exitCodes.invalidInput)
}

function unknownModule(name: string, known: ModuleTable) {
  return problem('unknown-module', `there is no module ${JSON.stringify(name)}`, {
    hint: didYouMean(name, [...known.keys()], 'run "gpuplay modules" to list all'),
  })
}

/** Nothing for a custom module with mistakes, which are in the problems then. */
function readable(known: ModuleTable, name: string, base: string): readonly ListedModule[] {
  const before = known.problems.length
  const module = known.get(name)
  if (module === undefined || known.problems.length > before) return []
  return [{ module, file: mapped(known.fileOf(name), (file) => relative(base, file)) }]
}

function jsonOf(listed: readonly ListedModule[], name: string | undefined): string {
  const data = listed.map(asData)
  if (name === undefined) return JSON.stringify(data, null, 2)
  return data.map((one) => JSON.stringify(one, null, 2)).join('\n')
}

function textOf(listed: readonly ListedModule[], name: string | undefined): string {
  const lines =
    name === undefined
      ? table(
          listed.map(({ module, file }) => [
            module.name,
            file === undefined ? module.summary : `${module.summary} (${file})`,
          ]),
        )
      : listed.map(describe)
  return plainText(lines.join('\n'))
}

function asData({ module: { name, summary, args, result }, file }: ListedModule): object {
  return { name, summary, ...defined({ file }), args, result }
}

function describe({ module, file }: ListedModule): string {
  const lines = [`${module.name}: ${module.summary}`]
  if (file !== undefined) lines.push(`A custom module: ${file}`)
  lines.push('', 'ARGUMENTS', ...rowsOf(module.args))
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
