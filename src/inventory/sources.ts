/** Finds and reads the files of an inventory; variable-files.ts reads `group_vars` and `host_vars`. */
import { basename, dirname, extname, join } from 'node:path'
import { type Files, listFolder, readText, suggestions } from '../language/read-files.ts'
import { problem, SourceFile } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import { readYaml } from '../language/yaml.ts'
import type { InventoryBuilder } from './builder.ts'
import { readIniInventory } from './ini-inventory.ts'
import { readYamlInventory } from './yaml-inventory.ts'

const variableFolders = ['group_vars', 'host_vars']

/** Whether a source is a list of hosts: it has a comma, and no file has that name. */
export function isHostList(source: string, files: Files): boolean {
  return source.includes(',') && files.kind(source) === undefined
}

/** Reads one source: a file, a folder, or names separated by commas. */
export function readSource(builder: InventoryBuilder, source: string, files: Files): void {
  if (isHostList(source, files)) {
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
          'for a list of hosts, add a comma at the end: -i pve1,',
        ),
      })
  }
}

/**
 * Names that Ansible ignores in a folder (INVENTORY_IGNORE_EXTS), `vars_plugins` and hidden files; and the file
 * with defaults of options.
 */
const ignored = /^\.|^vars_plugins$|^gpuplay\.yml$|(~|\.(pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry))$/

/** Reads all files of a folder and its subfolders, in the order of their names. */
function readFolder(builder: InventoryBuilder, folder: string, files: Files): void {
  const { found, inis } = filesOf(builder, folder, files)
  const [ini] = inis
  if (found.length === 0) {
    // An unreadable folder already has its own problem.
    if (files.list(folder).kind !== 'names') return
    builder.report('missing-file', `the folder "${folder}" contains no inventory`, {
      hint:
        ini === undefined
          ? 'put a file such as hosts.yml into it'
          : `as in Ansible, .ini files in a folder are not read; write -i ${ini}`,
    })
    return
  }
  for (const path of inis) {
    builder.warnings.push(
      problem('unused-file', `"${path}" is ignored: as in Ansible, .ini files in a folder are not read`, {
        hint: 'if it is an inventory, rename it or add it with -i',
      }),
    )
  }
  for (const path of found) readInventoryFile(builder, path, files)
}

function filesOf(
  builder: InventoryBuilder,
  folder: string,
  files: Files,
  inside = false,
): { readonly found: readonly string[]; readonly inis: readonly string[] } {
  const found: string[] = []
  const inis: string[] = []
  for (const name of listFolder(files, folder, builder.values.problems)) {
    const path = join(folder, name)
    const isFolder = files.kind(path) === 'directory'
    if (variableFolders.includes(name)) {
      if (inside) warnOfFolder(builder, path)
    } else if (ignored.test(name)) {
      if (name.endsWith('.ini') && !isFolder) inis.push(path)
    } else if (isFolder) {
      const below = filesOf(builder, path, files, true)
      found.push(...below.found)
      inis.push(...below.inis)
    } else {
      found.push(path)
    }
  }
  return { found, inis }
}

function warnOfFolder(builder: InventoryBuilder, path: string): void {
  builder.warnings.push(
    problem(
      'unused-variables',
      `"${path}" is ignored: in an inventory folder, group_vars and host_vars must be at the top level`,
      {
        hint: `move it up, or add -i ${dirname(path)}`,
      },
    ),
  )
}

function readInventoryFile(builder: InventoryBuilder, path: string, files: Files): void {
  const text = readText(files, path, builder.values.problems)
  if (text === undefined) return
  const source = new SourceFile(path, text)
  if (text.startsWith('#!')) {
    builder.report('not-yet-supported', 'inventory programs are not yet supported', {
      where: source.position(0, 2),
      hint: `save its output to a file: ${path} --list > hosts.json; then -i hosts.json`,
    })
    return
  }
  if (extname(path) === '.toml') {
    builder.report('invalid-inventory', 'TOML inventories are not supported', {
      where: source.position(0),
      hint: `convert it to YAML: ansible-inventory -i ${path} --list --yaml > hosts.yml`,
    })
    return
  }
  const [first = ''] = written(text)
  const header = first.trim()
  if (/^\[[\w.:-]+\]$/.test(header) && ['.yml', '.yaml'].includes(extname(path))) {
    builder.report('invalid-inventory', 'this file contains INI, but its name says YAML', {
      where: source.position(text.indexOf(header), header.length),
      hint: `rename the file to ${basename(path, extname(path))}.ini`,
    })
    return
  }
  if (isYaml(source)) readYamlInventory(builder, source)
  else readIniInventory(builder, source)
}

/** Decides by the extension; without one, by the content. */
function isYaml(source: SourceFile): boolean {
  const { file, text } = source
  const extension = extname(file)
  if (['.yml', '.yaml', '.json'].includes(extension)) return true
  if (['.ini', '.cfg'].includes(extension)) return false
  const lines = written(text)
  // Also if the YAML has a mistake, so that it is reported as a YAML mistake.
  if (lines.some((line) => line === '---' || /^[\w.-]+:\s*(#.*)?$/.test(line))) return true
  const root = /^\s*\[/.test(lines[0] ?? '') ? undefined : readYaml(source).root
  return root?.kind === 'map' && [...root.entries.values()].every(({ value }) => value.kind === 'map')
}

/** Returns the lines that are neither empty nor comments. */
function written(text: string): readonly string[] {
  return text.split('\n').filter((line) => /^\s*[^\s#;]/.test(line))
}
