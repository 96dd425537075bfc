/**
 * Files on the controller that tasks name: in a role's `files` and `templates`, then next to the playbook.
 */
import { basename, dirname } from 'node:path'
import type { Declarations } from './declarations.ts'
import { candidatesIn, type FileKind } from './file-candidates.ts'
import { type Files, readText, suggestions } from './read-files.ts'
import type { Loader } from './loader.ts'
import type { Task, Template } from './model.ts'
import { InputError, type Problem } from '../base/errors.ts'
import { variablesOf } from './reads.ts'
import { fileLocator, SourceFile } from './source.ts'
import { didYouMean } from './suggest.ts'
import { TemplateParser } from './template.ts'

/** Returns the folders whose files a task may name, in order. */
export function taskFolders(task: Pick<Task, 'role' | 'directory'>): readonly string[] {
  return [...(task.role === undefined ? [] : [task.role.role.directory]), task.directory]
}

/** Returns the paths to search for a task's file, in order. */
export function fileCandidates(task: Task, kind: FileKind, name: string): readonly string[] {
  return candidatesIn(taskFolders(task), kind, name)
}

/** Returns the path of a file or folder that a task names; `undefined` if it does not exist. */
export function findTaskFile(
  task: Task,
  options: { readonly kind: FileKind; readonly name: string; readonly files: Files },
): string | undefined {
  return fileCandidates(task, options.kind, options.name).find(
    (path) => options.files.kind(path) !== undefined,
  )
}

/**
 * Reads and parses a template file; render it with `renderTemplate`.
 * @throws InputError if it cannot be read or parsed
 */
export function readTemplateFile(path: string, files: Files): Template {
  const problems: Problem[] = []
  const template = parseFile(new TemplateParser(), path, { files, problems })
  if (template === undefined) throw new InputError(problems)
  return template
}

function parseFile(
  parser: TemplateParser,
  path: string,
  { files, problems }: { readonly files: Files; readonly problems: Problem[] },
): Template | undefined {
  const text = readText(files, path, problems)
  if (text === undefined) return undefined
  return parser.parseFile(text, fileLocator(new SourceFile(path, text)), problems)
}

/** Reports missing files whose names are constants, and mistakes in templates. */
export function checkTaskFiles(loader: Loader, task: Task, names: Declarations): void {
  const kinds = loader.modules.get(task.module)?.files ?? {}
  const remote = task.args.entries.get('remote_src')?.value
  if (remote !== undefined && !(remote.kind === 'literal' && remote.value === false)) return
  for (const [argument, kind] of Object.entries(kinds)) {
    const { entries } = task.args
    const rendered = kind === 'templates' && entries.has(argument) ? entries.get('content') : undefined
    if (rendered !== undefined)
      loader.report(
        'invalid-argument',
        `"content" of "${task.module}" is the rendered text of "${argument}"`,
        {
          where: rendered.where,
          hint: 'remove it: the text comes from the template file',
        },
      )
    const value = task.args.entries.get(argument)?.value
    if (value?.kind !== 'literal' || typeof value.value !== 'string') continue
    const name = value.value
    const path = findTaskFile(task, { kind, name, files: loader.files })
    if (path === undefined) {
      const candidates = fileCandidates(task, kind, name)
      const nearby = candidates.flatMap((candidate) => suggestions(loader.files, dirname(candidate)))
      loader.report('missing-file', `there is no file "${name}"`, {
        where: value.where,
        hint: didYouMean(basename(name), nearby, `looked for ${candidates.join(', ')}`),
      })
      continue
    }
    if (kind !== 'templates') continue
    const template = parseFile(loader.values.templates, path, loader)
    if (template === undefined) continue
    for (const name of template.reads.flatMap(variablesOf)) loader.reads.add(name)
    loader.problems.push(...names.check(template))
  }
}
