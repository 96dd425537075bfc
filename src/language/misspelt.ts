/** Finds unread variables whose name is close to one that a role reads: `gpu_asignment`. */
import type { Problem } from '../base/errors.ts'
import type { Playbook, Variable } from './model.ts'
import { problem } from './source.ts'
import { editDistance } from './suggest.ts'

/** Shorter names are too similar to each other. */
const shortest = 6

/**
 * Reports variables of the inventory or the command line. Otherwise a misspelt optional variable would have
 * no effect, silently.
 * @param known Names that the engine reads.
 */
export function misspeltVariables(
  playbooks: readonly Playbook[],
  variables: Iterable<Variable>,
  known: ReadonlySet<string>,
): readonly Problem[] {
  const roleNames = new Map<string, string>()
  const declared = new Set([...known, ...playbooks.flatMap((playbook) => [...playbook.reads])])
  for (const { role, parameters } of playbooks.flatMap(({ plays }) => plays).flatMap((play) => play.roles)) {
    for (const name of role.defaults.keys()) declared.add(name)
    for (const name of parameters.keys()) declared.add(name)
    for (const name of Object.keys(role.arguments?.schema['properties'] ?? {})) roleNames.set(name, role.name)
  }
  const problems: Problem[] = []
  for (const { name, where } of new Set(variables)) {
    if (name.length < shortest || declared.has(name) || roleNames.has(name)) continue
    const meant = [...roleNames].find(([other]) => editDistance(name, other) <= 2)
    if (meant === undefined) continue
    const [other, role] = meant
    problems.push(
      problem('misspelt-variable', `nothing reads "${name}"; the role "${role}" has "${other}"`, {
        where,
        hint: `did you mean "${other}"?`,
      }),
    )
  }
  return problems
}
