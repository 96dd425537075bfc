/**
 * Values of an inventory that gpuplay cannot read, usually because they contain Jinja. They are mistakes if
 * the run uses them.
 */
import type { Problem } from '../base/errors.ts'
import type { Inventory } from '../inventory/inventory-model.ts'
import type { Playbook, Variables } from '../language/model.ts'
import { variablesOf } from '../language/reads.ts'
import { valueReads } from '../language/render.ts'
import { problem } from '../language/source.ts'
import { unreadableProblems } from '../language/values.ts'

export interface UnreadableValues {
  /** For variables that the playbooks read, directly or through other variables. */
  readonly problems: readonly Problem[]
  /** One warning for all others. */
  readonly warnings: readonly Problem[]
}

/** @param settings The problems of values that the connections of the run need */
export function unreadableValues(
  inventory: Inventory,
  playbooks: readonly Playbook[],
  settings: readonly Problem[],
): UnreadableValues {
  const used = new Set(settings)
  const unused = new Set<Problem>()
  for (const { variables } of [...inventory.hosts.values(), inventory.localhost]) {
    const broken = [...variables.values()].flatMap(({ name, value }) => {
      const found = unreadableProblems(value)
      return found.length === 0 ? [] : [{ name, found }]
    })
    if (broken.length === 0) continue
    const names = readNames(variables, playbooks)
    for (const { name, found } of broken) for (const one of found) (names.has(name) ? used : unused).add(one)
  }
  for (const one of used) unused.delete(one)
  return { problems: [...used], warnings: warningOf([...unused]) }
}

/** Returns the names that the playbooks read, and the names that the values of these variables read. */
function readNames(variables: Variables, playbooks: readonly Playbook[]): ReadonlySet<string> {
  const names = new Set(playbooks.flatMap((playbook) => [...playbook.reads]))
  // The loop also visits names that are added meanwhile.
  for (const name of names) {
    const value = variables.get(name)?.value
    if (value === undefined) continue
    for (const read of valueReads(value).flatMap(variablesOf)) names.add(read)
  }
  return names
}

function warningOf(unused: readonly Problem[]): readonly Problem[] {
  const [first] = unused
  if (first === undefined) return []
  const more = unused.length - 1
  const others = more === 0 ? '' : `, and ${more} more ${more === 1 ? 'value' : 'values'} of the inventory`
  return [
    problem(
      'unreadable-value',
      `this value cannot be read${others}: ${first.message}; this run does not use it`,
      {
        where: first.where,
        hint: first.hint,
      },
    ),
  ]
}
