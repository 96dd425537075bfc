/**
 * Finds uses of a role that would do the same as an earlier one in the play: as in Ansible, it runs once. Unlike
 * in Ansible, variables and keywords that a use inherits count, and a use is only left out if the earlier one
 * runs whenever it would.
 */
import type { Inherited } from './inherited.ts'
import type { ReadPath, RoleUse, Task, TaskOrBlock, Value } from './model.ts'
import { mapTasks, tasksOf } from './block-steps.ts'

interface Earlier {
  readonly use: RoleUse
  readonly inherited: Inherited
  readonly tasks: readonly Task[]
}

export class RoleRepeats {
  readonly #earlier: Earlier[] = []

  /**
   * Returns the steps of a use; their tasks name the same ones of an earlier use.
   * @param sure False in a block: a failure may skip the use, so that no later one repeats it
   */
  marked(
    { use, inherited, sure }: Pick<Earlier, 'use' | 'inherited'> & { readonly sure: boolean },
    steps: readonly TaskOrBlock[],
  ): readonly TaskOrBlock[] {
    const tasks = tasksOf(steps)
    const current = { use, inherited, tasks }
    const first = this.#earlier.find((earlier) => isCovered(earlier, current))
    if (first === undefined) {
      if (sure) this.#earlier.push(current)
      return steps
    }
    const originals = new Map(tasks.map((task, index) => [task, first.tasks[index]]))
    return mapTasks(steps, (task) => ({ ...task, repeats: originals.get(task) }))
  }
}

/** True if the earlier use runs whenever the later would, and does the same then. */
function isCovered(earlier: Earlier, later: Earlier): boolean {
  const { directory } = earlier.use.role
  if (directory !== later.use.role.directory || earlier.tasks.length !== later.tasks.length) return false
  const conditions = new Set(later.use.when.map(({ source }) => source))
  return (
    earlier.use.when.every(({ source }) => conditions.has(source)) &&
    written(givenTo(earlier)) === written(givenTo(later))
  )
}

/** What makes two uses different: their keywords, and the variables around them that they read. */
function givenTo({ use, inherited, tasks }: Earlier): unknown {
  const { role, parents, parameters } = use
  const { vars, when: _when, tags: _tags, ...keywords } = inherited
  const properties = role.arguments?.schema['properties']
  const names = new Set([
    ...role.defaults.keys(),
    ...Object.keys(typeof properties === 'object' && properties !== null ? properties : {}),
    ...readsIn([role.defaults, role.vars, use.when, tasks.map(({ role: _role, ...task }) => task)]),
  ])
  const around = new Map<string, Value>()
  const add = (name: string, value: Value | undefined): void => {
    if (value !== undefined && names.has(name)) around.set(name, value)
  }
  // Weakest first.
  for (const parent of parents)
    for (const [name, { value }] of parent.role.defaults) if (!role.defaults.has(name)) add(name, value)
  for (const parent of parents)
    for (const [name, { value }] of parent.role.vars) if (!role.vars.has(name)) add(name, value)
  for (const parent of parents) for (const [name, { value }] of parent.parameters) add(name, value)
  for (const [name, { value }] of vars) add(name, value)
  return [keywords, parameters, around]
}

/** Returns the names of all variables that the values in it read, at any depth. */
function readsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  if (value instanceof Map) return [...value.values()].flatMap(readsIn)
  if (Array.isArray(value)) return value.flatMap(readsIn)
  const own =
    'kind' in value && (value.kind === 'template' || value.kind === 'expression') && 'reads' in value
      ? (value.reads as readonly ReadPath[]).flatMap(([root]) => root ?? [])
      : []
  return own.length > 0 ? own : Object.values(value).flatMap(readsIn)
}

/** A text that is the same for values that differ only in their places. */
function written(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (key === 'where') return undefined
    return part instanceof Map ? [...part].sort(([left], [right]) => (left < right ? -1 : 1)) : part
  })
}
