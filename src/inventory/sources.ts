/** Finds the files of an inventory and reads them: the sources themselves, then `group_vars` and `host_vars`. */
import { basename, dirname, extname, join } from 'node:path'
import type { Problem } from '../base/errors.ts'
import { isNothing } from '../language/fields.ts'
import { type Files, listFolder, readText, readYamlFile, suggestions } from '../language/files.ts'
import type { Variable } from '../language/model.ts'
import { SourceFile } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import type { InventoryBuilder, Tier } from './builder.ts'
import { readIniInventory } from './ini-inventory.ts'
import { readYamlInventory } from './yaml-inventory.ts'

const variableFolders = ['group_vars', 'host_vars']

/** Reads one source: a file, a folder, or names with commas between them. */
export function readSource(builder: InventoryBuilder, source: string, files: Files): void {
  if (source.includes(',')) {
    const where = { file: '-i', line: 1, column: 1 }
    for (const name of source.split(',').map((part) => part.trim())) {
      if (name !== '') builder.addHosts(name, where, 'ungrouped')
    }
    return
  }
  switch (files.kind(source)) {
    case 'file':
      readInventoryFile(builder, source, files)
      return
    case 'directory':
      readFolder(builder, source, files)
      return
    case undefined:
      builder.report('missing-file', `there is no inventory "${source}"`, {
        hint: didYouMean(
          basename(source),
          suggestions(files, dirname(source)),
          'for a list of hosts put a comma behind it: -i pve1,',
        ),
      })
  }
}

function readFolder(builder: InventoryBuilder, folder: string, files: Files): void {
  const entries = listFolder(files, folder, builder.values.problems)
    .filter((name) => !name.startsWith('.') && !/(~|\.bak|\.orig|\.retry|\.md|\.txt)$/.test(name))
    .filter((name) => !variableFolders.includes(name))
  const names = entries.filter((name) => files.kind(join(folder, name)) === 'file')
  if (names.length === 0 && files.list(folder).kind === 'names') {
    const folders = entries
      .map((name) => join(folder, name))
      .filter((path) => files.kind(path) === 'directory')
    builder.report('missing-file', `the folder "${folder}" holds no inventory`, {
      hint:
        folders.length === 0
          ? 'put a file such as hosts.yml into it'
          : `name one of the folders in it: ${folders.map((path) => `-i ${path}`).join(', ')}`,
    })
  }
  for (const name of names) readInventoryFile(builder, join(folder, name), files)
}

function readInventoryFile(builder: InventoryBuilder, path: string, files: Files): void {
  const text = readText(files, path, builder.values.problems)
  if (text === undefined) return
  const source = new SourceFile(path, text)
  if (text.startsWith('#!')) {
    builder.report('not-yet-supported', 'inventories that are programs are not yet supported', {
      where: source.position(0, 2),
      hint: 'write its output to a file',
    })
    return
  }
  const section = /^(?:\s*(?:[#;].*)?\n)*(\[[\w.:-]+\])\s*$/m.exec(text)
  if (section?.index === 0 && ['.yml', '.yaml'].includes(extname(path))) {
    const header = section[1] ?? ''
    builder.report('invalid-inventory', 'this is INI, in a file that is called YAML', {
      where: source.position(text.indexOf(header), header.length),
      hint: `call the file ${basename(path, extname(path))}.ini`,
    })
    return
  }
  if (isYaml(path, text)) readYamlInventory(builder, source)
  else readIniInventory(builder, source)
}

function isYaml(path: string, text: string): boolean {
  const extension = extname(path)
  if (['.yml', '.yaml', '.json'].includes(extension)) return true
  if (['.ini', '.cfg'].includes(extension)) return false
  const lines = text.split('\n').filter((line) => /^\s*[^\s#;]/.test(line))
  return lines.some((line) => line === '---' || /^[\w.-]+:\s*(#.*)?$/.test(line))
}

/** Reads `group_vars` and `host_vars` in a folder, for the groups and hosts that there are. */
export function readVariableFolders(
  builder: InventoryBuilder,
  folder: string,
  options: { readonly files: Files; readonly beside: 'inventory' | 'playbook' },
): void {
  const { files, beside } = options
  const { problems } = builder.values
  const prefix = beside === 'playbook' ? 'playbook ' : ''
  for (const { name, paths } of variableFiles(files, join(folder, 'group_vars'), problems)) {
    const tier = `${prefix}group_vars${name === 'all' ? '/all' : ''}` as Tier
    for (const path of paths) readVariables(builder, path, { files, tier, name })
  }
  for (const { name, paths } of variableFiles(files, join(folder, 'host_vars'), problems)) {
    const tier = `${prefix}host_vars` as Tier
    for (const path of paths) readVariables(builder, path, { files, tier, name })
  }
}

/** The names of groups or hosts for which there are variables beside an inventory, with the files. */
export function variableFiles(
  files: Files,
  folder: string,
  problems: Problem[],
): readonly { readonly name: string; readonly paths: readonly string[] }[] {
  const byName = new Map<string, string[]>()
  for (const entry of listFolder(files, folder, problems)) {
    if (entry.startsWith('.') || entry.endsWith('~')) continue
    const path = join(folder, entry)
    const inside = files.kind(path) === 'directory'
    const name = inside ? entry : entry.replace(/\.(yml|yaml|json)$/, '')
    const paths = byName.get(name) ?? []
    paths.push(...(inside ? filesBelow(files, path, problems) : [path]))
    byName.set(name, paths)
  }
  return [...byName].map(([name, paths]) => ({ name, paths }))
}

function filesBelow(files: Files, folder: string, problems: Problem[]): readonly string[] {
  return listFolder(files, folder, problems).flatMap((entry) => {
    const path = join(folder, entry)
    if (entry.startsWith('.') || entry.endsWith('~')) return []
    return files.kind(path) === 'directory' ? filesBelow(files, path, problems) : [path]
  })
}

function readVariables(
  builder: InventoryBuilder,
  path: string,
  target: { readonly files: Files; readonly tier: Tier; readonly name: string },
): void {
  const root = readYamlFile(target.files, path, builder.values.problems)?.root
  if (root === undefined || isNothing(root)) return
  if (root.kind !== 'map') {
    builder.report('invalid-variables', 'this file must be a map of variables', { where: root.where })
    return
  }
  const variables: ReadonlyMap<string, Variable> = builder.values.variables(root)
  builder.setVariables(target.tier, target.name, variables)
}
