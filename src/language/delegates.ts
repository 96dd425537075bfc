/** Hosts of `delegate_to`. */
import type { Problem } from '../base/errors.ts'
import type { Playbook, Value } from './model.ts'
import { type InventoryTask, inventoryTasks } from './inventory-tasks.ts'
import { fits } from './name-pattern.ts'
import { problem } from './source.ts'
import { didYouMean } from './suggest.ts'

/**
 * The mistakes in hosts that are written as they are; templates are rendered when the task runs. Tasks of earlier
 * plays may add hosts.
 */
export function unknownDelegates(
  playbooks: readonly Playbook[],
  hosts: ReadonlySet<string>,
): readonly Problem[] {
  const added: InventoryTask[] = []
  const seen = new Set<Value>()
  return playbooks
    .flatMap(({ plays }) => plays)
    .flatMap((play) => {
      const before = [...added]
      added.push(...inventoryTasks(play))
      const tasks = [...play.sections.flatMap((section) => section.tasks), ...play.handlers]
      return tasks.flatMap(({ delegateTo: value }) => {
        if (value === undefined || seen.has(value)) return []
        seen.add(value)
        if (value.kind === 'template' || value.kind === 'expression') return []
        const name = value.kind === 'literal' ? value.value : undefined
        if (typeof name !== 'string') return unknownDelegate(value, undefined, hosts)
        const adds = (made: readonly InventoryTask[]): boolean =>
          made.some((task) => task.hosts.some((pattern) => fits(name, pattern)))
        if (hosts.has(name) || adds(before)) return []
        const found = unknownDelegate(value, name, hosts)
        const hint = 'a host that add_host adds is there from the next play on: move the task there'
        return adds(added) ? { ...found, hint } : found
      })
    })
}

/** @param name Undefined if it is not text. */
export function unknownDelegate(
  { where }: Pick<Value, 'where'>,
  name: string | undefined,
  hosts: Iterable<string> = [],
): Problem {
  if (name === undefined)
    return problem('invalid-keyword', '"delegate_to" must be the name of a host', {
      where,
      hint: 'write one name of the inventory, or localhost',
    })
  return problem('unknown-host', `"delegate_to" names "${name}", which is not a host of the inventory`, {
    where,
    hint: didYouMean(name, hosts, 'add the host to the inventory; localhost needs no entry'),
  })
}
