/** Finds variables that refer to themselves, without asking a host. */
import type { HostName } from '../base/brand.ts'
import { InputError, type Problem } from '../base/errors.ts'
import { roleLayers, type VariableScope } from '../language/scope.ts'
import type { HostVariables } from '../fleet/host-variables.ts'
import type { ChosenPlay, Selection } from './selection.ts'

/** Checks every variable that the playbook reads, with the value of each host. */
export function findCycles(
  { plays }: Pick<Selection, 'plays'>,
  variablesOf: (host: HostName) => HostVariables,
): readonly Problem[] {
  const found = new Map<string, Problem>()
  for (const selected of plays) {
    for (const host of selected.hosts) {
      for (const [scope, names] of scopesOf(selected, variablesOf(host))) {
        for (const problem of cyclesIn(scope, names)) found.set(JSON.stringify(problem.where), problem)
      }
    }
  }
  return [...found.values()]
}

function* scopesOf(
  { play, playbook }: ChosenPlay,
  variables: HostVariables,
): Iterable<readonly [VariableScope, Iterable<string>]> {
  yield [variables.scope(play), playbook.reads]
  for (const use of play.roles)
    yield [variables.scope(play, undefined, { layers: roleLayers(use) }), playbook.reads]
  for (const task of [...play.sections.flatMap(({ tasks }) => tasks), ...play.handlers]) {
    if (task.vars.size > 0) yield [variables.scope(play, task), task.vars.keys()]
  }
}

/** Other mistakes are reported by the task that uses the variable, because a condition may skip that task. */
function cyclesIn(scope: VariableScope, names: Iterable<string>): readonly Problem[] {
  return [...names].flatMap((name) => {
    if (scope.origin(name)?.variable === undefined) return []
    try {
      scope.get(name)
      return []
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      return error.problems.filter(({ code }) => code === 'cyclic-variable')
    }
  })
}
