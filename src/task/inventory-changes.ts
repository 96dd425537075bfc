/** What `group_by` and `add_host` change in the inventory. */
import { type HostName, hostName } from '../base/brand.ts'
import { InputError, type Position } from '../base/errors.ts'
import { hideTexts } from '../base/secret.ts'
import { Unknown } from '../base/unknown.ts'
import { ansibleNames, hostVariableSchemas } from '../inventory/connection-variables.ts'
import type { InventoryChange, MayJoin } from '../inventory/inventory-change.ts'
import { splitPort } from '../inventory/ranges.ts'
import { groupNameOf, inventoryTask, ownArguments } from '../language/inventory-tasks.ts'
import { exactly, type NamePattern } from '../language/name-pattern.ts'
import type { Task, Variable } from '../language/model.ts'
import { problem } from '../language/source.ts'
import { literalValue } from '../language/values.ts'
import type { TaskContext } from './task-context.ts'

export type KnownChange = Exclude<InventoryChange, MayJoin>

type Given = Readonly<Record<string, unknown>>

/**
 * @param prepared `args` are those that the schema accepted; `given` still has its secrets
 * @returns undefined for a task that leaves the inventory as it is
 * @throws InputError for a wrong name of a host
 */
export function changeOf(
  task: Task,
  { args, given, host }: { readonly args: unknown; readonly given: Given; readonly host: HostName },
): KnownChange | undefined {
  if (inventoryTask(task) === undefined || typeof args !== 'object' || args === null) return undefined
  const checked: Given = { ...args }
  if (task.module === 'group_by') {
    const group = groupNameOf(String(checked['key']))
    const parents = namesIn(checked['parents']).map(groupNameOf)
    return { kind: 'joins', host, group, parents, where: placeOf(task, 'key') }
  }
  const where = placeOf(task, 'name')
  const written = String(checked['name'])
  const { name, port } = splitPort(written)
  if (!/^(?:\w|::)[\w.:%-]*$/.test(name)) {
    const hint = 'use letters, digits, dots and dashes'
    throw new InputError([problem('invalid-name', `"${name}" is not a valid host name`, { where, hint })])
  }
  const own = Object.entries(given)
    .filter(([argument]) => !ownArguments.has(argument))
    .map(([variable, value]) => [variable, task.noLog ? hideTexts(value) : value] as const)
  const variables = new Map(
    own.map(([variable, value]): [string, Variable] => {
      const at = placeOf(task, variable)
      return [variable, { name: variable, where: at, value: literalValue(value, at) }]
    }),
  )
  const data = Object.fromEntries([...own, ['ansible_port', port]])
  const groups = namesIn(checked['groups']).map(groupNameOf)
  return { kind: 'adds', host: hostName(name), written, groups, variables, data, where }
}

/** Dry runs only: records what a task may change that may not run, or whose arguments are unknown. */
export function leaveInventoryOpen(
  task: Task,
  args: Given,
  { why, context }: { readonly why: string; readonly context: TaskContext },
): void {
  const host = context.host.machine.name
  const { liveInventory } = context.run
  const written = inventoryTask(task)
  if (written === undefined) return
  if (task.module === 'add_host') return liveInventory.mayAdd({ task: written, why })
  const [first = { start: '', end: '', whole: false }, ...others] = written.groups
  const group = typeof args['key'] === 'string' ? exactly(groupNameOf(args['key'])) : first
  const parents: readonly NamePattern[] =
    args['parents'] === undefined || args['parents'] instanceof Unknown
      ? others
      : namesIn(args['parents']).map((name) => exactly(groupNameOf(name)))
  liveInventory.mayJoin({ kind: 'may join', host, group, parents, why })
}

/** The arguments of `add_host` without variables that have nothing to do with the connection. */
export function withoutFreeVariables(args: Given): Given {
  const needed = new Set([
    ...ownArguments,
    ...Object.keys(hostVariableSchemas),
    ...Object.values(ansibleNames).flat(),
  ])
  return Object.fromEntries(Object.entries(args).filter(([name]) => needed.has(name)))
}

function namesIn(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(',')
      : []
  return texts.map((text) => String(text).trim()).filter((text) => text !== '')
}

function placeOf(task: Task, argument: string): Position {
  return task.args.entries.get(argument)?.value.where ?? task.moduleAt
}
