/** Reads all files of the user and finds every mistake in them, before any connection. */
import { InputError, type Problem } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import type { Secret } from '../base/secret.ts'
import type { Secrets } from '../base/secrets.ts'
import { misplacedVariables } from '../inventory/ansible-variables.ts'
import { hostVariableSchemas } from '../inventory/connection-variables.ts'
import { readInventory } from '../inventory/inventory.ts'
import { hostOf, type Inventory, isLocked } from '../inventory/inventory-model.ts'
import { unknownDelegates } from '../language/delegates.ts'
import { unreadableSettings } from '../inventory/relations.ts'
import { blindKeys } from '../language/encrypted/keyring.ts'
import { readExtraVars } from '../language/extra-vars.ts'
import { bornSecrets, playbookSecrets } from '../language/born-secrets.ts'
import { inventoryTasks, maySelect } from '../language/inventory-tasks.ts'
import { misspeltVariables } from '../language/misspelt.ts'
import { includedTasks } from '../language/block-steps.ts'
import type { Playbook, Task, Variables } from '../language/model.ts'
import type { Module } from '../modules/module.ts'
import { ansibleFilesBeside } from '../language/ansible-files.ts'
import { readPlaybook } from '../language/playbook.ts'
import { ModuleTable } from './custom/custom-modules.ts'
import type { RunDependencies, RunRequest } from './request.ts'
import { startAt } from '../language/start-at.ts'
import { isChosen, unknownTags } from '../language/tags.ts'
import { inventoryTaskMistakes } from './inventory-task-mistakes.ts'
import { unreadableValues } from './unreadable-values.ts'
import { select, type Selection } from './selection.ts'

export interface Loaded {
  readonly inventory: Inventory
  readonly extra: Variables
  readonly selection: Selection
  /** Those of gpuplay, and those next to the playbooks and in roles that tasks name. */
  readonly modules: readonly Module[]
  /** False for tasks that the command line leaves out. */
  readonly selected: (task: Task) => boolean
  /** Every mistake in the files. With any of them the run must not start. */
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** @throws InputError if the inventory itself cannot be read */
export function load(
  request: RunRequest,
  dependencies: RunDependencies,
  secrets: Pick<Secrets, 'add'>,
): Loaded {
  const { files } = dependencies
  const problems: Problem[] = []
  const { variables: extra, problems: extraProblems } = readExtraVars(request.extraVars, files)
  problems.push(...extraProblems)
  const book = (found: readonly Secret[]): void => found.forEach((secret) => secrets.add(secret))
  book(bornSecrets(extra))
  const { inventory, problems: inventoryProblems } = readInventory(request.inventories, {
    files,
    extra,
    environment: dependencies.world.environment,
    ownAddresses: dependencies.world.addresses,
    clusters: dependencies.clusters,
    playbookDirectories: [...request.playbooks.map(directoryOf), ...(request.variableFolders ?? [])],
  })
  problems.push(...inventoryProblems)
  for (const { variables, connection } of inventory?.hosts.values() ?? [])
    book([variables, connection.settings].flatMap(bornSecrets))
  const isWhole = inventory !== undefined && !isLocked(inventory)
  const modules = new ModuleTable(dependencies.modules, {
    ...request,
    files,
    wrapModule: dependencies.wrapModule,
  })
  const playbooks: Playbook[] = []
  for (const file of request.playbooks) {
    const { playbook, problems: found } = readPlaybook(file, {
      modules,
      rolesPaths: request.rolesPaths,
      ...defined({ otherPlaybooks: request.otherPlaybooks, answers: request.answers }),
      variables: [...(inventory?.variableNames ?? []), ...Object.keys(hostVariableSchemas), ...extra.keys()],
      facts: factsSchema(dependencies),
      files,
      ...defined({ namesIn: inventory?.namesIn }),
    })
    // Without the inventory, and all its variables, the defined ones are unknown.
    problems.push(...found.filter(({ code }) => isWhole || code !== 'undefined-variable'))
    if (playbook === undefined) continue
    playbooks.push(playbook)
    book(playbookSecrets(playbook))
  }
  problems.push(...modules.problems)
  if (inventory === undefined) throw new InputError(problems)
  problems.push(
    ...misspelt(playbooks, inventory, extra),
    ...unknownTags(playbooks, request.tags),
    ...misplacedVariables(playbooks),
    ...inventoryTaskMistakes(playbooks),
    ...unknownDelegates(playbooks, new Set([...inventory.hosts.keys(), inventory.localhost.name])),
  )
  const chosen = (task: Task): boolean => isChosen(task.tags, request.tags)
  const start = startAt(playbooks, request.startAt, chosen)
  problems.push(...start.problems)
  const selected = (task: Task): boolean => {
    // An include is needed for the tasks that it may run, whatever their tags.
    const inside = includedTasks(task)
    if (inside.length > 0) return inside.some(selected)
    return chosen(task) && !start.before.has(task) && !(task.repeats !== undefined && selected(task.repeats))
  }
  const { environment } = dependencies.world
  const selection = select({
    playbooks,
    inventory,
    limit: request.limit,
    onlyHosts: request.onlyHosts,
    extra,
    files,
    environment,
  })
  problems.push(...selection.problems)
  for (const name of selection.hosts) {
    const host = hostOf(inventory, name)
    if (host !== undefined) problems.push(...inventory.lockedFiles(host))
  }
  // Nothing is decrypted to find mistakes.
  const localSources = { environment, files: { ...files, keys: blindKeys }, folders: ['.'] }
  const settings = unreadableSettings(inventory, selection.hosts, { extra, localSources })
  const additions = playbooks.flatMap(({ plays }) => plays).flatMap(inventoryTasks)
  const unreadable = unreadableValues(inventory, playbooks, settings)
  problems.push(...unreadable.problems)
  return {
    inventory,
    extra,
    selection,
    modules: [...modules.values()],
    selected,
    problems,
    warnings: [
      ...[...new Set(request.playbooks.map(directoryOf))].flatMap((folder) =>
        ansibleFilesBeside(folder, files),
      ),
      ...inventory.warnings,
      ...inventory.unusedFiles.flatMap(({ name, warning }) => (maySelect(name, additions) ? [] : [warning])),
      ...unreadable.warnings,
      ...selection.warnings,
    ],
  }
}

function misspelt(
  playbooks: readonly Playbook[],
  inventory: Inventory,
  extra: Variables,
): readonly Problem[] {
  const given = [...inventory.hosts.values()].flatMap((host) => [...host.variables.values()])
  const known = new Set(Object.keys(hostVariableSchemas))
  return misspeltVariables(playbooks, [...given, ...extra.values()], known)
}

/** The schema of `facts`. */
export function factsSchema({ facts }: Pick<RunDependencies, 'facts'>): Readonly<Record<string, unknown>> {
  return { type: 'object', properties: Object.fromEntries(facts.map((fact) => [fact.name, fact.schema])) }
}

function directoryOf(file: string): string {
  const slash = file.lastIndexOf('/')
  return slash === -1 ? '.' : file.slice(0, slash)
}
