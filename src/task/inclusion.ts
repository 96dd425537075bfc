/** What an item of `include_tasks` or `include_role` includes. */
import { resolve } from 'node:path'
import type { Problem } from '../base/errors.ts'
import { findUnknown, Unknown } from '../base/unknown.ts'
import { withFacts } from '../fleet/host-variables.ts'
import { roleChoice } from '../language/include-choice.ts'
import { namesOfLoop } from '../language/loop.ts'
import type { Include, IncludeChoice, Task } from '../language/model.ts'
import { checkRoleArguments } from '../language/role-arguments.ts'
import { type Layer, roleLayers, type VariableScope } from '../language/scope.ts'
import { problem } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import type { Item } from './items.ts'
import { type Preparing, scopeOf } from './preparing.ts'

export interface Inclusion {
  /** The key of what is included; undefined if a dry run cannot know it: any of the choices. */
  readonly choice: string | undefined
  /** The variables that the included tasks see: of the loop, and the `vars` of the include. */
  readonly layers: readonly Layer[]
  /** Dry runs only: why it is unknown whether the tasks run. */
  readonly doubt: string | undefined
}

export type PreparedInclusion =
  | { readonly kind: 'included'; readonly inclusion: Inclusion }
  | { readonly kind: 'failed'; readonly problem: Problem }

/** The rendered parts of an item. */
interface Rendered {
  readonly include: Include
  readonly args: Readonly<Record<string, unknown>>
  /** Why it is unknown whether the task runs. */
  readonly doubt: string | undefined
  readonly scope: () => VariableScope
}

export async function prepareInclusion(
  task: Task,
  item: Item,
  { include, args, doubt, scope, preparing }: Rendered & { readonly preparing: Preparing },
): Promise<PreparedInclusion> {
  const { readFact, context } = preparing
  const values = await withFacts(() => include.inputs.map((name) => scope().get(name)), readFact)
  const inputs = new Map(include.inputs.map((name, index) => [name, values[index]]))
  const layers = [...item.layers.slice(context.layers.length), inputLayer(task, inputs)]
  const unknown = findUnknown(args)
  if (unknown) return { kind: 'included', inclusion: { choice: undefined, layers, doubt: unknown.why } }
  const key = keyOf(task, include, args)
  const choice = include.choices.get(key)
  if (choice === undefined) return { kind: 'failed', problem: notIncluded(task, include, args) }
  const [wrong] = checkUse(task, choice, { layers, preparing })
  if (wrong !== undefined) return { kind: 'failed', problem: wrong }
  return { kind: 'included', inclusion: { choice: key, layers, doubt } }
}

/** Of a task of which a dry run does not know the items, or whether it runs. */
export function unknownInclusion(task: Task, why: string): Inclusion {
  const unknown = new Unknown(why)
  const loop = task.loop === undefined ? [] : namesOfLoop(task.loop).map(([name]) => [name, unknown] as const)
  const inputs = (task.include?.inputs ?? []).map((name) => [name, unknown] as const)
  const layers: readonly Layer[] = [{ layer: 'loop', data: new Map(loop) }, inputLayer(task, new Map(inputs))]
  return { choice: undefined, layers, doubt: why }
}

function inputLayer({ module }: Task, data: ReadonlyMap<string, unknown>): Layer {
  return { layer: module === 'include_role' ? 'role parameters' : 'task vars', data }
}

function keyOf(
  { module }: Task,
  { folder }: Include,
  { file, name, tasks_from: from }: Readonly<Record<string, unknown>>,
): string {
  if (module === 'include_tasks') return resolve(folder, textOf(file))
  return roleChoice(textOf(name), from === undefined ? undefined : textOf(from))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}

/** The playbook was loaded with everything that the name could mean then. */
function notIncluded(task: Task, { choices }: Include, args: Readonly<Record<string, unknown>>): Problem {
  const isFile = task.module === 'include_tasks'
  const named = textOf(isFile ? args['file'] : args['name'])
  const from = args['tasks_from'] === undefined ? '' : ` with tasks/${textOf(args['tasks_from'])}`
  const known = [...choices.keys()].map((key) =>
    isFile ? key.replace(/^.*\//, '') : String(JSON.parse(key)[0]),
  )
  const where = task.args.entries.get(isFile ? 'file' : 'name')?.value.where ?? task.where
  return problem('missing-file', `there is no ${isFile ? 'file' : 'role'} "${named}"${from} to include`, {
    where,
    hint: didYouMean(named, new Set(known), `there are ${[...new Set(known)].join(', ')}`),
  })
}

/** Checks the parameters of an included role; values that only the run knows pass. */
function checkUse(
  task: Task,
  { use }: IncludeChoice,
  { layers, preparing }: { readonly layers: readonly Layer[]; readonly preparing: Preparing },
): readonly Problem[] {
  if (use === undefined) return []
  const { context } = preparing
  const scope = scopeOf(task, [...roleLayers(use), ...context.layers, ...layers], preparing)
  return checkRoleArguments(use, scope, {
    host: context.host.machine.name,
    schemas: context.arguments.schemas,
  })
}
