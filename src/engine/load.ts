/** Reads everything that the user wrote and finds every mistake in it, before anything is connected to. */
import { InputError, type Problem } from '../base/errors.ts'
import { hostVariableSchemas } from '../inventory/host-variables.ts'
import { readInventory } from '../inventory/inventory.ts'
import { type Inventory } from '../inventory/model.ts'
import { readExtraVars } from '../language/extra-vars.ts'
import { misspeltVariables } from '../language/misspelt.ts'
import { type Playbook, type Variables } from '../language/model.ts'
import { readPlaybook } from '../language/playbook.ts'
import { type RunDependencies, type RunRequest } from './run.ts'
import { select, type Selection } from './selection.ts'

export interface Loaded {
  readonly inventory: Inventory
  readonly playbooks: readonly Playbook[]
  readonly extra: Variables
  readonly selection: Selection
  readonly warnings: readonly Problem[]
}

/** @throws InputError */
export function load(request: RunRequest, dependencies: RunDependencies): Loaded {
  const { files } = dependencies
  const problems: Problem[] = []
  const { variables: extra, problems: extraProblems } = readExtraVars(request.extraVars, files)
  problems.push(...extraProblems)
  const { inventory, problems: inventoryProblems } = readInventory(request.inventories, {
    files,
    extra,
    playbookDirectories: request.playbooks.map(directoryOf),
  })
  problems.push(...inventoryProblems)
  const playbooks: Playbook[] = []
  for (const file of request.playbooks) {
    const { playbook, problems: found } = readPlaybook(file, {
      modules: new Map(dependencies.modules.map((module) => [module.name, module])),
      rolesPaths: request.rolesPaths,
      variables: [...(inventory?.variableNames ?? []), ...extra.keys()],
      facts: factsSchema(dependencies),
      files,
    })
    problems.push(...found)
    if (playbook !== undefined) playbooks.push(playbook)
  }
  if (inventory !== undefined) problems.push(...misspelt(playbooks, inventory, extra))
  if (problems.length > 0 || inventory === undefined) throw new InputError(problems)
  const selection = select({ playbooks, inventory, limit: request.limit, files })
  problems.push(...selection.problems)
  if (problems.length > 0) throw new InputError(problems)
  return {
    inventory,
    playbooks,
    extra,
    selection,
    warnings: [...inventory.warnings, ...selection.warnings],
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

function factsSchema({ facts }: RunDependencies): Readonly<Record<string, unknown>> {
  return { type: 'object', properties: Object.fromEntries(facts.map((fact) => [fact.name, fact.schema])) }
}

function directoryOf(file: string): string {
  const slash = file.lastIndexOf('/')
  return slash === -1 ? '.' : file.slice(0, slash)
}
