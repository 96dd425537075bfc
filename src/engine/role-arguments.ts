/** Checks the variables of every role on every host that will run it, before anything is connected to. */
import { type HostName } from '../base/brand.ts'
import { type Problem } from '../base/errors.ts'
import { checkRoleArguments as checkUse } from '../language/role-arguments.ts'
import { SchemaChecker } from '../language/schema.ts'
import { roleLayers } from '../language/scope.ts'
import { type HostVariables } from './host-variables.ts'
import { type Selection } from './selection.ts'

/** Facts and results are not known yet: what rests on them passes. The same mistake on many hosts is told once, with all of them. */
export function checkRoleArguments(
  { plays }: Selection,
  variablesOf: (host: HostName) => HostVariables,
): readonly Problem[] {
  const schemas = new SchemaChecker()
  const found = new Map<string, Problem>()
  for (const { play, hosts } of plays) {
    for (const use of play.roles) {
      for (const host of hosts) {
        const scope = variablesOf(host).scope(play, undefined, roleLayers(use))
        for (const problem of checkUse(use, scope, { host, schemas })) {
          found.set(JSON.stringify([problem.code, problem.message, problem.where]), problem)
        }
      }
    }
  }
  return [...found.values()]
}
