/** Finds the files of an inventory and parses them; variable-files.ts reads `group_vars` and `host_vars`. */
import { basename, dirname, extname, join } from 'node:path'
import type { Problem } from '../base/errors.ts'
import { type Files, listFolder, readSealedSource, suggestions } from '../language/read-files.ts'
import { problem, type ProblemDetails, SourceFile } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import { readYaml, type YamlMap, type YamlNode } from '../language/yaml.ts'
import { InventoryBuilder } from './builder.ts'
import { clusterFile } from './clusters/cluster-source.ts'
import { ansibleNames, hostVariableSchemas } from './connection-variables.ts'
import { constructedFile } from './constructed.ts'
import { isInventory, phoenixFile, type PhoenixFile } from './phoenix/phoenix-shape.ts'

/** Messages and command lines show these, so an encrypted inventory does not make secrets of them. */
const settingNames: ReadonlySet<string> = new Set([
  ...Object.keys(hostVariableSchemas),
  ...Object.values(ansibleNames).flat(),
])

const variableFolders = ['group_vars', 'host_vars']

/** Whether a source is a list of hosts: it has a comma, and no file has that name. */
export function isHostList(source: string, files: Files): boolean {
  return source.includes(',') && files.kind(source) === undefined
}

/** One part of an inventory, parsed. */
export type InventoryPart =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'ini'; readonly source: SourceFile }
  | { readonly kind: 'yaml'; readonly source: SourceFile; readonly root: YamlNode }
  | { readonly kind: 'phoenix'; readonly file: PhoenixFile }
  /** Prints hosts when it runs. */
  | { readonly kind: 'program'; readonly path: string }
  | { readonly kind: 'constructed'; readonly root: YamlMap }
  /** Says how to ask a cluster. */
  | { readonly kind: 'cluster'; readonly path: string; readonly root: YamlMap }
  /** What cannot be read. */
  | { readonly kind: 'wrong'; readonly problems: readonly Problem[] }

/** Returns the parts of one source: a file, a folder, or names separated by commas. */
export function readSource(
  builder: InventoryBuilder,
  source: string,
  files: Files,
): readonly InventoryPart[] {
  if (isHostList(source, files)) {
    const names = source.split(',').map((part) => part.trim())
    return [{ kind: 'names', names: names.filter((name) => name !== '') }]
  }
  switch (files.kind(source)) {
    case 'file':
      return readInventoryFile(source, files)
    case 'directory':
      return readFolder(builder, source, files)
    case undefined:
      return wrong('missing-file', `there is no inventory "${source}"`, {
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
function readFolder(builder: InventoryBuilder, folder: string, files: Files): readonly InventoryPart[] {
  const { found, inis } = filesOf(builder, folder, files)
  const [ini] = inis
  if (found.length === 0) {
    // An unreadable folder already has its own problem.
    if (files.list(folder).kind !== 'names') return []
    return wrong('missing-file', `the folder "${folder}" contains no inventory`, {
      hint:
        ini === undefined
          ? 'put a file such as hosts.yml into it'
          : `as in Ansible, .ini files in a folder are not read; write -i ${ini}`,
    })
  }
  for (const path of inis) {
    builder.warnings.push(
      problem('unused-file', `"${path}" is ignored: as in Ansible, .ini files in a folder are not read`, {
        hint: 'if it is an inventory, rename it or add it with -i',
      }),
    )
  }
  if (found.some((path) => isPhoenix(path, { folder, files })))
    return readPhoenixFolder(builder, { folder, found, files })
  return found.flatMap((path) => readInventoryFile(path, files))
}

interface Folder {
  readonly folder: string
  readonly files: Files
}

function isTop(path: string, folder: string): boolean {
  return path === join(folder, basename(path))
}

function isPhoenix(path: string, { folder, files }: Folder): boolean {
  const read = isTop(path, folder) && extname(path) === '.json' ? files.read(path) : undefined
  if (read?.kind !== 'text' || !/"(lxc_configs|nvidia_driver|core_paths)"/.test(read.text)) return false
  return phoenixFile(readYaml(new SourceFile(path, read.text)).root) !== undefined
}

/**
 * The scripts keep other files in the folder: schemas, and settings of other programs in subfolders. So only YAML
 * and JSON of the folder itself is read, and JSON only if it is an inventory.
 */
function readPhoenixFolder(
  builder: InventoryBuilder,
  { folder, found, files }: Folder & { readonly found: readonly string[] },
): readonly InventoryPart[] {
  const ignoredFiles: string[] = []
  const parts = found.flatMap((path) => {
    const extension = extname(path)
    const isOwn = isTop(path, folder) && ['.yml', '.yaml', '.json'].includes(extension)
    const read = isOwn ? readInventoryFile(path, files) : undefined
    const used = read?.filter(
      (part) => part.kind !== 'yaml' || extension !== '.json' || isInventory(part.root),
    )
    if (used === undefined || used.length < (read?.length ?? 0)) ignoredFiles.push(path)
    return used ?? []
  })
  if (ignoredFiles.length > 0) {
    const names = ignoredFiles.map((path) => `"${path}"`).join(', ')
    builder.warnings.push(
      problem('unused-file', `next to the files of the Phoenix scripts, these are ignored: ${names}`, {
        hint: 'if one is an inventory, add it with -i',
      }),
    )
  }
  return parts
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

function readInventoryFile(path: string, files: Files): readonly InventoryPart[] {
  const unreadable: Problem[] = []
  const source = readSealedSource(files, path, { problems: unreadable, plainNames: settingNames })
  if (source === undefined) return [{ kind: 'wrong', problems: unreadable }]
  const { text, sealed } = source
  if (text.startsWith('#!')) {
    return sealed
      ? wrong('invalid-inventory', `"${path}" is an encrypted program, which cannot run`, {
          hint: 'decrypt it: gpuplay secrets decrypt FILE; a program can take its own secrets from the environment',
        })
      : [{ kind: 'program', path }]
  }
  if (extname(path) === '.toml') {
    return wrong('invalid-inventory', 'TOML inventories are not supported', {
      where: source.position(0),
      hint: `convert it to YAML: ansible-inventory -i ${path} --list --yaml > hosts.yml`,
    })
  }
  const [first = ''] = written(text)
  const header = first.trim()
  if (/^\[[\w.:-]+\]$/.test(header) && ['.yml', '.yaml'].includes(extname(path))) {
    return wrong('invalid-inventory', 'this file contains INI, but its name says YAML', {
      where: source.position(text.indexOf(header), header.length),
      hint: `rename the file to ${basename(path, extname(path))}.ini`,
    })
  }
  if (!isYaml(source)) return [{ kind: 'ini', source }]
  const { root, problems } = readYaml(source)
  const parts: InventoryPart[] = problems.length === 0 ? [] : [{ kind: 'wrong', problems }]
  const phoenix = phoenixFile(root)
  const constructed = constructedFile(root)
  const cluster = clusterFile(root)
  if (phoenix !== undefined) parts.push({ kind: 'phoenix', file: phoenix })
  else if (constructed !== undefined) parts.push({ kind: 'constructed', root: constructed })
  else if (cluster !== undefined) parts.push({ kind: 'cluster', path, root: cluster })
  else if (root !== undefined) parts.push({ kind: 'yaml', source, root })
  return parts
}

/** The files of the sources that say how to ask a cluster. Other files are not parsed. */
export function clusterParts(
  sources: readonly string[],
  files: Files,
): readonly Extract<InventoryPart, { readonly kind: 'cluster' }>[] {
  const builder = new InventoryBuilder()
  const paths = sources.flatMap((source) => {
    if (isHostList(source, files)) return []
    return files.kind(source) === 'directory' ? filesOf(builder, source, files).found : [source]
  })
  return paths.flatMap((path) => {
    const text = readSealedSource(files, path, { problems: [] })?.text ?? ''
    if (!/plugin\W+(?:community\.\w+\.)?proxmox/.test(text)) return []
    return readInventoryFile(path, files).filter((part) => part.kind === 'cluster')
  })
}

function wrong(code: string, message: string, details: ProblemDetails): readonly InventoryPart[] {
  return [{ kind: 'wrong', problems: [problem(code, message, details)] }]
}

/** Decides by the extension; without one, by the content. */
function isYaml(source: SourceFile): boolean {
  const { file, text } = source
  const extension = extname(file)
  if (['.yml', '.yaml', '.json'].includes(extension)) return true
  if (['.ini', '.cfg'].includes(extension)) return false
  if (/^\s*\{/.test(text)) return true
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
