/** Checks playbooks and roles without running them: all mistakes, and advice. */
import { basename, join } from 'node:path'
import type { Problem } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import { misplacedVariables } from '../inventory/ansible-variables.ts'
import { ansibleNames, hostVariableSchemas } from '../inventory/connection-variables.ts'
import { readInventory } from '../inventory/inventory.ts'
import { type Inventory, isLocked } from '../inventory/inventory-model.ts'
import { whereToDefine } from '../language/declarations.ts'
import { adviceAbout } from '../language/lint-advice.ts'
import { advice } from '../language/lint-codes.ts'
import type { Playbook, Role, Variable } from '../language/model.ts'
import { readPlaybook } from '../language/playbook.ts'
import type { Files } from '../language/read-files.ts'
import { tidy } from '../language/source.ts'
import { ModuleTable } from './custom/custom-modules.ts'
import type { LintTarget } from './lint-targets.ts'
import { factsSchema } from './load.ts'
import type { RunDependencies, RunRequest } from './request.ts'

export interface LintRequest extends Pick<RunRequest, 'inventories' | 'rolesPaths'> {
  readonly targets: readonly LintTarget[]
  /** Codes of advice to leave out. */
  readonly skip: readonly string[]
}

export type LintDependencies = Pick<RunDependencies, 'files' | 'modules' | 'facts' | 'world' | 'clusters'>

export interface Linted {
  /** Mistakes: a run would refuse them. */
  readonly problems: readonly Problem[]
  readonly advice: readonly Problem[]
}

/** Without an inventory, variables that nothing defines are no mistakes. */
export function lint(request: LintRequest, dependencies: LintDependencies): Linted {
  const { targets, inventories } = request
  const problems: Problem[] = []
  const inventory = inventories.length === 0 ? undefined : inventoryOf(request, dependencies, problems)
  const modules = new ModuleTable(dependencies.modules, {
    playbooks: targets.map(fileOf),
    rolesPaths: request.rolesPaths,
    files: dependencies.files,
  })
  const playbooks: Playbook[] = []
  const undeclared: Problem[] = []
  const files = withRolePlaybooks(targets, dependencies.files)
  for (const target of targets) {
    const { playbook, problems: found } = readPlaybook(fileOf(target), {
      modules,
      rolesPaths: request.rolesPaths,
      variables: [
        ...(target.kind === 'role' ? [] : (inventory?.variableNames ?? [])),
        ...Object.keys(hostVariableSchemas),
      ],
      facts: factsSchema(dependencies),
      files,
    })
    const whole = inventory !== undefined && !isLocked(inventory) && target.kind === 'playbook'
    problems.push(...found.filter(({ code }) => whole || code !== 'undefined-variable'))
    if (target.kind === 'role') undeclared.push(...found.flatMap((one) => undeclaredIn(target.path, one)))
    if (playbook !== undefined) playbooks.push(playbook)
  }
  problems.push(...modules.problems, ...misplacedVariables(playbooks))
  const given = adviceAbout(playbooks, {
    modules: new Set(dependencies.modules.map(({ name }) => name)),
    inventory: variablesOf(inventory),
    known: new Set([...Object.keys(hostVariableSchemas), ...Object.values(ansibleNames).flat()]),
    mentions: (role, word) => templatesMention(role, word, files),
  })
  // The playbook around a role is not the user's.
  const around = new Set(targets.flatMap((target) => (target.kind === 'role' ? fileOf(target) : [])))
  const wanted = ({ code, where }: Problem): boolean =>
    !request.skip.includes(code) && !around.has(where?.file ?? '')
  return {
    problems: tidy(problems),
    advice: tidy([...given, ...undeclared].filter((found) => wanted(found) && !isSkippedAt(found, files))),
  }
}

/** A role is read without the inventory, so that it knows only what it declares. */
function undeclaredIn(role: string, { code, message, where, hint }: Problem): readonly Problem[] {
  if (code !== 'undefined-variable' || where === undefined) return []
  const declare = 'describe it in meta/arguments.yml of the role, and give it a default unless it is required'
  return [
    advice(
      'undeclared-role-variable',
      `${message} in the role "${basename(role)}"`,
      where,
      hint === undefined || hint === whereToDefine ? declare : hint,
    ),
  ]
}

function inventoryOf(
  { inventories, targets }: LintRequest,
  { files, world, clusters }: LintDependencies,
  problems: Problem[],
): Inventory | undefined {
  const read = readInventory(inventories, {
    files,
    ...defined({ environment: world.environment, ownAddresses: world.addresses, clusters }),
    playbookDirectories: targets.flatMap(({ kind, path }) => (kind === 'playbook' ? [join(path, '..')] : [])),
  })
  problems.push(...read.problems)
  return read.inventory
}

function variablesOf(inventory: Inventory | undefined): readonly Variable[] {
  return [...(inventory?.hosts.values() ?? [])]
    .flatMap(({ variables }) => [...variables.values()])
    .filter(({ name }) => !name.startsWith('ansible_'))
}

/** A role is read through a playbook that exists only here. */
function fileOf({ kind, path }: LintTarget): string {
  return kind === 'playbook' ? path : join(path, '..', `the role ${basename(path)}`)
}

function withRolePlaybooks(targets: readonly LintTarget[], files: Files): Files {
  const texts = new Map(
    targets.flatMap((target) =>
      target.kind === 'playbook'
        ? []
        : [[fileOf(target), `- hosts: all\n  roles: [${JSON.stringify(target.path)}]\n`] as const],
    ),
  )
  return {
    keys: files.keys,
    list: (path) => files.list(path),
    kind: (path) => (texts.has(path) ? 'file' : files.kind(path)),
    read: (path) => {
      const text = texts.get(path)
      return text === undefined ? files.read(path) : { kind: 'text', text }
    },
  }
}

/** A template whose name is computed is read only in a run. */
function templatesMention(role: Role, word: string, files: Files): boolean {
  const folder = join(role.directory, 'templates')
  const listed = files.list(folder)
  if (listed.kind !== 'names') return false
  return listed.names.some((name) => {
    const read = files.read(join(folder, name))
    return read.kind === 'text' && new RegExp(`\\b${word}\\b`).test(read.text)
  })
}

/** `# lint: skip CODE, CODE` on the line of the advice, or on the line above it. */
function isSkippedAt({ code, where }: Problem, files: Files): boolean {
  if (where === undefined) return false
  const read = files.read(where.file)
  if (read.kind !== 'text') return false
  const lines = read.text.split('\n')
  return [lines[where.line - 1], lines[where.line - 2]].some((line = '', index) => {
    const [, before = '', codes = ''] = /^(.*)#\s*lint:\s*skip\s+([\w, -]+?)\s*$/.exec(line) ?? []
    // A comment behind something counts only for its own line.
    return (index === 0 || before.trim() === '') && codes.split(/[\s,]+/).includes(code)
  })
}
