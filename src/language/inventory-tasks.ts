/** Tasks that change the inventory of the run: `group_by` and `add_host`. */
import type { Play, Task, Value } from './model.ts'
import { fits, mayBegin, namePattern, type NamePattern } from './name-pattern.ts'

/** The arguments of `add_host` that are not variables of the host. */
export const ownArguments: ReadonlySet<string> = new Set(['name', 'groups'])

/** What a task may add to the inventory. */
export interface InventoryTask {
  readonly groups: readonly NamePattern[]
  readonly hosts: readonly NamePattern[]
  /** Names of variables of the hosts. */
  readonly variables: readonly string[]
}

export function changesInventory(module: string): boolean {
  return module === 'group_by' || module === 'add_host'
}

/** Undefined for a task that leaves the inventory as it is. */
export function inventoryTask({ module, args }: Pick<Task, 'module' | 'args'>): InventoryTask | undefined {
  if (!changesInventory(module)) return undefined
  const named = (argument: string): readonly NamePattern[] => {
    const value = args.entries.get(argument)?.value
    return value === undefined ? [] : patternsOf(value)
  }
  if (module === 'group_by')
    return { groups: [...named('key'), ...named('parents')].map(asGroup), hosts: [], variables: [] }
  const variables = [...args.entries.keys()].filter((name) => !ownArguments.has(name))
  return { groups: named('groups').map(asGroup), hosts: named('name'), variables }
}

/** `group_by` writes `-` for a space, as in Ansible. */
export function groupNameOf(text: string): string {
  return text.replaceAll(' ', '-')
}

/** What the tasks of a play, its handlers and everything that they may include can add. */
export function inventoryTasks(play: Play): readonly InventoryTask[] {
  const tasks = [...play.sections.flatMap((section) => section.tasks), ...play.handlers]
  return tasks.flatMap((task) => inventoryTask(task) ?? [])
}

/** Whether a term of a host pattern may select what these tasks add. */
export function maySelect(term: string, tasks: readonly InventoryTask[]): boolean {
  const names = tasks.flatMap(({ groups, hosts }) => [...groups, ...hosts])
  if (term.startsWith('~')) return names.length > 0
  const plain = term.replace(/\[-?\d*:?-?\d*\]$/, '')
  const [beginning = ''] = /^[^*?[]*/.exec(plain) ?? []
  return names.some((pattern) => (beginning === plain ? fits(plain, pattern) : mayBegin(beginning, pattern)))
}

function patternsOf(value: Value): readonly NamePattern[] {
  if (value.kind === 'list') return value.items.map(namePattern)
  if (value.kind !== 'literal') return [namePattern(value)]
  return String(value.value)
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => namePattern({ ...value, value: text }))
}

function asGroup(pattern: NamePattern): NamePattern {
  return { ...pattern, start: groupNameOf(pattern.start), end: groupNameOf(pattern.end) }
}
