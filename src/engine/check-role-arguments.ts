/** Checks the variables of every role on every host that will run it, before any connection. */
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import { Unknown } from '../base/unknown.ts'
import type { Play, RoleUse } from '../language/model.ts'
import { checkRoleArguments as checkUse } from '../language/role-arguments.ts'
import { SchemaChecker } from '../language/schema.ts'
import { type Layer, roleLayers } from '../language/scope.ts'
import type { HostVariables } from '../fleet/host-variables.ts'
import type { ChosenPlay } from './selection.ts'

/**
 * Values that depend on facts or results pass, because they are not known yet. The same mistake on several
 * hosts is reported once. Places with a known problem get no second one.
 */
export function checkRolesOnHosts(
  { plays, problems }: { readonly plays: readonly ChosenPlay[]; readonly problems: readonly Problem[] },
  variablesOf: (host: HostName) => HostVariables,
): readonly Problem[] {
  const schemas = new SchemaChecker()
  const known = new Set(problems.map(placeOf))
  const found = new Map<string, Problem>()
  const results = resultsOf(plays.map(({ play }) => play))
  for (const { play, hosts } of plays) {
    for (const use of play.roles) {
      for (const host of hosts) {
        const layers = [...roleLayers(use), ...inputsOf(use), results]
        const scope = variablesOf(host).scope(play, undefined, { layers })
        for (const problem of checkUse(use, scope, { host, schemas })) {
          if (problem.where !== undefined && known.has(placeOf(problem))) continue
          found.set(JSON.stringify([problem.code, problem.message, problem.where]), problem)
        }
      }
    }
  }
  return [...found.values()]
}

/** Of an included role: its parameters, and what only the run knows of them. */
function inputsOf({ inputs, parameters, role }: RoleUse): readonly Layer[] {
  if (inputs === undefined) return []
  const unknown = new Unknown(`it is known when the role "${role.name}" is included`)
  const names = inputs.filter((name) => !parameters.has(name))
  return [
    { layer: 'role parameters', written: parameters },
    { layer: 'loop', data: new Map(names.map((name) => [name, unknown])) },
  ]
}

function placeOf({ where }: Problem): string {
  return `${where?.file}:${where?.line}`
}

/** Variables that tasks will register. */
function resultsOf(plays: readonly Play[]): Layer {
  const data = new Map<string, Unknown>()
  for (const { sections, handlers } of plays) {
    for (const { register, name } of [...sections.flatMap(({ tasks }) => tasks), ...handlers]) {
      if (register !== undefined) data.set(register, new Unknown(`it is the result of "${name}"`))
    }
  }
  return { layer: 'registered', data }
}
