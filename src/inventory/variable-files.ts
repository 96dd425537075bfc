/** Reads the `group_vars` and `host_vars` of an inventory or playbook. */
import { extname, join } from 'node:path'
import type { Problem } from '../base/errors.ts'
import { isNothing } from '../language/fields.ts'
import { lockedCode } from '../language/encrypted/sealed.ts'
import { type Files, listFolder, readVariablesFile } from '../language/read-files.ts'
import type { Variable } from '../language/model.ts'
import type { InventoryBuilder, Tier } from './builder.ts'

/** Reads `group_vars` and `host_vars` in a folder. */
export function readVariableFolders(
  builder: InventoryBuilder,
  folder: string,
  options: { readonly files: Files; readonly beside: 'inventory' | 'playbook' },
): void {
  const { files, beside } = options
  const { problems } = builder.values
  const prefix = beside === 'playbook' ? 'playbook ' : ''
  for (const { name, paths, sources } of variableFiles(files, join(folder, 'group_vars'), problems)) {
    onlyOne(builder, name, sources)
    const tier = `${prefix}group_vars${name === 'all' ? '/all' : ''}` as Tier
    for (const path of paths) readVariables(builder, path, { files, tier, name })
  }
  for (const { name, paths, sources } of variableFiles(files, join(folder, 'host_vars'), problems)) {
    onlyOne(builder, name, sources)
    const tier = `${prefix}host_vars` as Tier
    for (const path of paths) readVariables(builder, path, { files, tier, name })
  }
}

function onlyOne(builder: InventoryBuilder, name: string, [first = '', second]: readonly string[]): void {
  if (second === undefined) return
  builder.report('ambiguous-variables', `both "${first}" and "${second}" set variables for "${name}"`, {
    where: { file: second, line: 1, column: 1 },
    hint: 'Ansible reads only the first; keep one of them (a folder can contain several files)',
  })
}

interface VariableFiles {
  /** Of a group or host. */
  readonly name: string
  /** `web`, `web.yml`: Ansible reads only the first that exists. */
  readonly sources: readonly string[]
  readonly paths: readonly string[]
}

/** Returns the groups or hosts that have variables in the folder, with their files. */
export function variableFiles(files: Files, folder: string, problems: Problem[]): readonly VariableFiles[] {
  const byName = new Map<string, { sources: string[]; paths: string[] }>()
  for (const entry of listFolder(files, folder, problems)) {
    if (isLeftOver(entry)) continue
    const path = join(folder, entry)
    const inside = files.kind(path) === 'directory'
    const name = inside ? entry : entry.replace(/\.(yml|yaml|json)$/, '')
    const found = byName.get(name) ?? { sources: [], paths: [] }
    found.sources.push(path)
    found.paths.push(...(inside ? filesBelow(files, path, problems) : [path]))
    byName.set(name, found)
  }
  return [...byName].map(([name, found]) => ({ name, ...found }))
}

/** Editor backups and notes. */
function isLeftOver(name: string): boolean {
  return /^\.|~$|\.(md|txt|rst|bak|orig|swp|retry|pyc)$/.test(name)
}

/** As in Ansible: files without an extension or with a YAML one, and folders whose names have no dot. */
function filesBelow(files: Files, folder: string, problems: Problem[]): readonly string[] {
  return listFolder(files, folder, problems).flatMap((entry) => {
    if (entry.startsWith('.') || entry.endsWith('~')) return []
    const path = join(folder, entry)
    const extension = extname(entry)
    if (files.kind(path) === 'directory') return extension === '' ? filesBelow(files, path, problems) : []
    return ['', '.yml', '.yaml', '.json'].includes(extension) ? [path] : []
  })
}

function readVariables(
  builder: InventoryBuilder,
  path: string,
  target: { readonly files: Files; readonly tier: Tier; readonly name: string },
): void {
  const found: Problem[] = []
  const root = readVariablesFile(target.files, path, found)?.root
  for (const one of found)
    if (one.code === lockedCode) builder.locked.push({ tier: target.tier, name: target.name, problem: one })
    else builder.values.problems.push(one)
  if (root === undefined || isNothing(root)) return
  if (root.kind !== 'map') {
    builder.report('invalid-variables', 'this file must be a map of variables', { where: root.where })
    return
  }
  const variables: ReadonlyMap<string, Variable> = builder.values.variables(root)
  builder.setVariables(target.tier, target.name, variables)
}
