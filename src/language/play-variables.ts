/** Reads files of variables that playbooks name: `vars_files` of a play, and those of roles. */
import { basename, dirname } from 'node:path'
import { type FieldReader, isNothing } from './fields.ts'
import { candidatesIn } from './file-candidates.ts'
import type { Loader } from './loader.ts'
import type { Variable, Variables } from './model.ts'
import { readVariablesFile, suggestions } from './read-files.ts'
import { didYouMean } from './suggest.ts'
import type { YamlMap, YamlNode } from './yaml.ts'

/** Reads a file that must be a map; `undefined` if it is empty. Reports anything else. */
export function readMapFile(loader: Loader, path: string): YamlMap | undefined {
  const root = readVariablesFile(loader.files, path, loader.problems)?.root
  if (root === undefined || isNothing(root)) return undefined
  if (root.kind === 'map') return root
  loader.report('invalid-variables', 'this file must be a map of variables', { where: root.where })
  return undefined
}

/**
 * Returns the variables of a play: its `vars`, and those of the files in `vars_files`, which override them. Of
 * several files, the last wins. An entry that is a list stands for its first file that exists.
 * @param directory The folder of the playbook. A file is searched in its `vars`, then in the folder itself.
 */
export function readPlayVariables(loader: Loader, fields: FieldReader, directory: string): Variables {
  const vars = fields.map('vars')
  const variables = new Map<string, Variable>(vars === undefined ? [] : loader.values.variables(vars))
  const node = fields.node('vars_files')
  const entries = node?.kind === 'scalar' && !isNothing(node) ? [node] : fields.list('vars_files')
  for (const entry of entries) {
    const path = namedFile(loader, fields, { entry, directory })
    const root = path === undefined ? undefined : readMapFile(loader, path)
    if (root === undefined) continue
    for (const [name, variable] of loader.values.variables(root)) variables.set(name, variable)
  }
  return variables
}

/** Returns the path of the file, or of the first that exists; reports it if there is none. */
function namedFile(
  loader: Loader,
  fields: FieldReader,
  { entry, directory }: { readonly entry: YamlNode; readonly directory: string },
): string | undefined {
  const names: string[] = []
  for (const node of entry.kind === 'list' ? entry.items : [entry]) {
    const { where } = node
    if (node.kind !== 'scalar' || node.cel || typeof node.value !== 'string') {
      loader.report('invalid-keyword', '"vars_files" must be a list of file names', {
        where,
        hint: 'an entry is a name, or a list of names of which the first file that exists is read',
      })
      return undefined
    }
    const instead = 'read it with a task: include_vars takes a template, and reads the file when it runs'
    if (fields.refusesTemplate(node.value, node, { name: 'vars_files', instead })) return undefined
    names.push(node.value)
  }
  const candidates = names.flatMap((name) => candidatesIn([directory], 'vars', name))
  const found = candidates.find((path) => loader.files.kind(path) === 'file')
  if (found !== undefined) return found
  const [only = ''] = names
  const nearby = candidates.flatMap((path) => suggestions(loader.files, dirname(path)))
  loader.report(
    'missing-file',
    names.length === 1 ? `there is no file "${only}"` : `none of these files exists: ${names.join(', ')}`,
    {
      where: entry.where,
      hint: didYouMean(basename(only), nearby, `looked for ${candidates.join(', ')}`),
    },
  )
  return undefined
}
