/** Finds the playbooks and roles below the paths of `gpuplay lint`. */
import { join, resolve } from 'node:path'
import type { Problem } from '../base/errors.ts'
import { type Files, readYamlFile } from '../language/read-files.ts'
import { problem } from '../language/source.ts'

export interface LintTarget {
  readonly kind: 'playbook' | 'role'
  /** Absolute: a file, or the folder of a role. */
  readonly path: string
}

export interface LintTargets {
  /** Each once, in the order of the paths; roles last. */
  readonly targets: readonly LintTarget[]
  readonly problems: readonly Problem[]
}

/** A path is a playbook, a role, or a folder with playbooks, `playbooks/` and `roles/`. */
export function findTargets(paths: readonly string[], base: string, files: Files): LintTargets {
  const problems: Problem[] = []
  const found = paths.flatMap((given): readonly LintTarget[] => {
    const path = resolve(base, given)
    switch (files.kind(path)) {
      case 'file':
        return [{ kind: 'playbook', path }]
      case 'directory': {
        const below = targetsIn(path, files, problems)
        if (below.length === 0) problems.push(nothing(given))
        return below
      }
      case undefined:
        problems.push(problem('missing-file', `there is no file "${given}"`, { hint: 'check the path' }))
        return []
    }
  })
  const unique = [...new Map(found.map((target) => [target.path, target])).values()]
  return {
    targets: unique.toSorted((left, right) => Number(left.kind === 'role') - Number(right.kind === 'role')),
    problems,
  }
}

function nothing(given: string): Problem {
  return problem('nothing-to-check', `"${given}" contains no playbooks and no roles`, {
    hint: 'name a playbook, a role, or a folder that contains playbooks, "playbooks" or "roles"',
  })
}

const roleFolders = ['tasks', 'handlers', 'defaults', 'vars', 'meta']

function targetsIn(folder: string, files: Files, problems: Problem[]): readonly LintTarget[] {
  if (roleFolders.some((name) => files.kind(join(folder, name)) === 'directory'))
    return [{ kind: 'role', path: folder }]
  const playbooks = [folder, join(folder, 'playbooks')].flatMap((directory) =>
    namesIn(directory, files)
      .filter((name) => /\.ya?ml$/.test(name))
      .map((name) => join(directory, name))
      .filter((path) => isPlaybook(path, files, problems)),
  )
  const roles = [folder, join(folder, 'roles')]
    .filter((directory) => /(^|\/)roles$/.test(directory))
    .flatMap((directory) => namesIn(directory, files).map((name) => join(directory, name)))
    .filter((path) => roleFolders.some((name) => files.kind(join(path, name)) === 'directory'))
  return [
    ...playbooks.map((path): LintTarget => ({ kind: 'playbook', path })),
    ...roles.map((path): LintTarget => ({ kind: 'role', path })),
  ]
}

function namesIn(folder: string, files: Files): readonly string[] {
  const listed = files.list(folder)
  return listed.kind === 'names' ? listed.names : []
}

/** A list of plays; other YAML files are inventories or variables. Reports a file that cannot be read. */
function isPlaybook(path: string, files: Files, problems: Problem[]): boolean {
  if (files.kind(path) !== 'file') return false
  const root = readYamlFile(files, path, problems)?.root
  if (root?.kind !== 'list') return false
  return root.items.some(
    (item) => item.kind === 'map' && ['hosts', 'import_playbook'].some((key) => item.entries.has(key)),
  )
}
