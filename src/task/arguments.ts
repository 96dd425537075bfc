/**
 * Turns rendered arguments into module arguments: finds files, renders templates, checks the schema, fills in
 * defaults.
 */
import { isAbsolute, resolve as absolute } from 'node:path'
import { defined } from '../base/defined.ts'
import { InputError, type Problem } from '../base/errors.ts'
import type { Files } from '../language/read-files.ts'
import { includedVariables, includeRequest } from '../language/include-vars.ts'
import type { Task, Template, Variables } from '../language/model.ts'
import { SchemaChecker } from '../language/schema.ts'
import { findTaskFile, readTemplateFile } from '../language/task-files.ts'
import { renderTemplate } from '../language/template.ts'
import type { VariableScope } from '../language/scope.ts'
import type { Module } from '../modules/module.ts'

/**
 * Size limit, in characters, of files that count as secrets as a whole. Keys and certificates are shorter.
 */
const largestSecret = 64 * 1024

/** Shared by a whole run, so that each template file is read and parsed once. */
export interface Arguments {
  module(name: string): Module
  /** Checks the variables of roles. */
  readonly schemas: SchemaChecker
  /** Checks rendered arguments against the module's schema and fills in its defaults. */
  check(task: Task, args: unknown): { readonly args: unknown; readonly problems: readonly Problem[] }
  /**
   * Makes the paths of `files` absolute and renders templates into `content`; `Unknown` if a template depends
   * on an unknown value.
   * @throws InputError for a missing file, and for mistakes in a template
   */
  resolve(task: Task, args: Readonly<Record<string, unknown>>, scope: VariableScope): Record<string, unknown>
  /**
   * Reads the variables of the files that the arguments of `include_vars` name.
   * @throws InputError for missing files, and for mistakes in them
   */
  include(task: Task, args: unknown): Variables
  /** Returns the texts of small files that the arguments name and that are copied unchanged. */
  filesOf(task: Task, args: Readonly<Record<string, unknown>>): readonly string[]
}

export function createArguments(list: readonly Module[], files: Files): Arguments {
  const modules = new Map(list.map((module) => [module.name, module]))
  const schemas = new SchemaChecker()
  const templates = new Map<string, Template>()
  const templateOf = (path: string): Template => {
    const known = templates.get(path)
    if (known) return known
    const template = readTemplateFile(path, files)
    templates.set(path, template)
    return template
  }
  const moduleOf = (name: string): Module => {
    const module = modules.get(name)
    if (module === undefined)
      throw new Error(`the playbook was loaded with a module ${name} that is not there`)
    return module
  }
  return {
    module: moduleOf,
    schemas,
    check(task, args) {
      const { data, problems } = schemas.complete(moduleOf(task.module).args, args, {
        value: task.args,
        subject: { label: task.module, where: task.moduleAt, code: 'invalid-argument' },
      })
      return { args: data, problems }
    },
    resolve(task, args, scope) {
      const resolved: Record<string, unknown> = { ...args }
      if (resolved['remote_src'] === true) return resolved
      for (const [argument, kind] of Object.entries(moduleOf(task.module).files ?? {})) {
        const name = resolved[argument]
        if (typeof name !== 'string') continue
        const path = findTaskFile(task, { kind, name, files })
        if (path === undefined) throw missingFile(task, { argument, name, kind })
        // A trailing slash means the contents of a folder, so it must stay.
        resolved[argument] = name.endsWith('/') && !path.endsWith('/') ? `${path}/` : path
        if (kind === 'templates') resolved['content'] = renderTemplate(templateOf(path), scope)
      }
      for (const argument of moduleOf(task.module).saves ?? []) {
        const name = resolved[argument]
        if (typeof name !== 'string') continue
        const path = absolute(task.directory, name)
        resolved[argument] = name.endsWith('/') && !path.endsWith('/') ? `${path}/` : path
      }
      return resolved
    },
    include: (task, args) =>
      includedVariables(
        task,
        includeRequest(typeof args === 'object' && args !== null ? { ...args } : {}),
        files,
      ),
    filesOf(task, args) {
      return Object.entries(moduleOf(task.module).files ?? {}).flatMap(([argument, kind]) => {
        const path = args[argument]
        if (kind !== 'files' || typeof path !== 'string' || args['remote_src'] === true) return []
        const file = files.kind(path) === 'file' ? files.read(path) : undefined
        return file?.kind !== 'text' || file.text.length > largestSecret ? [] : [file.text]
      })
    },
  }
}

function missingFile(
  task: Task,
  { argument, name, kind }: { readonly argument: string; readonly name: string; readonly kind: string },
): InputError {
  return new InputError([
    {
      code: 'missing-file',
      message: `there is no file ${JSON.stringify(name)}`,
      ...defined({
        hint: isAbsolute(name) ? undefined : `put it into ${kind}/ of the role, or next to the playbook`,
      }),
      where: task.args.entries.get(argument)?.value.where ?? task.where,
    },
  ])
}
