/** From a task and a host's variables to what the module gets: conditions decided, loop unrolled, arguments rendered and checked. */
import type { HostName } from '../base/brand.ts'
import { InputError, type Problem } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { findUnknown, Unknown } from '../base/unknown.ts'
import { evaluate, evaluateCondition } from '../language/expression.ts'
import type { Play, ReadPath, Task, Value } from '../language/model.ts'
import { renderValue, valueReads } from '../language/render.ts'
import type { Layer, VariableScope } from '../language/scope.ts'
import type { Module } from '../modules/module.ts'
import { type HostVariables, type Unread, withFacts } from '../fleet/host-variables.ts'

export interface PrepareContext {
  readonly host: HostName
  readonly play: Play
  readonly variables: HostVariables
  /** What the play adds for this host. */
  readonly layers: readonly Layer[]
  readonly module: (name: string) => Module
  /** Checks rendered arguments against the module's schema and fills in its defaults. */
  readonly checkArgs: (
    task: Task,
    args: unknown,
  ) => { readonly args: unknown; readonly problems: readonly Problem[] }
  /** Makes the paths of `files` absolute and renders templates; `Unknown` where a template rests on something unknown. */
  readonly resolveFiles: (task: Task, args: Record<string, unknown>, scope: VariableScope) => unknown
  readonly readFact: (fact: Unread) => Promise<void>
  /** Secrets that were rendered: the redactor takes note of them. */
  readonly sawSecret: (secret: Secret) => void
}

export type PreparedItem =
  | { readonly kind: 'skipped'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'failed'; readonly problem: Problem }
  | {
      readonly kind: 'ready'
      readonly args: unknown
      readonly environment: Readonly<Record<string, string | Secret>>
      /** undefined: as the host's variables say. */
      readonly become: { readonly enabled: boolean; readonly user: string } | undefined
      /** A secret is in the arguments: nothing of this task is shown. */
      readonly secret: boolean
    }

export interface Item {
  /** For people; '' for a task without a loop. */
  readonly label: string
  readonly value: unknown
  readonly layers: readonly Layer[]
}

export type Items =
  | { readonly kind: 'items'; readonly items: readonly Item[]; readonly loop: boolean }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'failed'; readonly problem: Problem }

/** The items of a loop; a task without one has one item. */
export async function itemsOf(task: Task, context: PrepareContext): Promise<Items> {
  const { loop } = task
  if (loop === undefined)
    return { kind: 'items', items: [{ label: '', value: undefined, layers: context.layers }], loop: false }
  const { play, variables } = context
  try {
    const list = await withFacts(
      () => renderValue(loop.items, variables.scope(play, task, context.layers)),
      context.readFact,
    )
    if (list instanceof Unknown) return { kind: 'unknown', why: list.why }
    if (!Array.isArray(list)) {
      return {
        kind: 'failed',
        problem: {
          code: 'not-a-list',
          message: 'a loop goes over a list, and this is none',
          where: loop.where,
        },
      }
    }
    const items: Item[] = []
    for (const [index, value] of list.entries()) {
      const data = new Map<string, unknown>([[loop.variable, value]])
      if (loop.indexVariable !== undefined) data.set(loop.indexVariable, index)
      const layers: readonly Layer[] = [...context.layers, { layer: 'loop', data }]
      items.push({ label: await labelOf(task, value, layers, context), value, layers })
    }
    return { kind: 'items', items, loop: true }
  } catch (error) {
    return { kind: 'failed', problem: firstProblem(error) }
  }
}

async function labelOf(
  task: Task,
  value: unknown,
  layers: readonly Layer[],
  { play, variables, readFact }: PrepareContext,
): Promise<string> {
  const label = task.loop?.label
  const shown =
    label === undefined
      ? value
      : await withFacts(() => renderValue(label, variables.scope(play, task, layers)), readFact)
  const text = typeof shown === 'string' ? shown : findUnknown(shown) ? '(unknown)' : JSON.stringify(shown)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

export async function prepareItem(task: Task, item: Item, context: PrepareContext): Promise<PreparedItem> {
  const { play, variables, readFact } = context
  const scope = (): VariableScope => variables.scope(play, task, item.layers)
  try {
    const condition = await withFacts(() => evaluateCondition(task.when, scope()), readFact)
    if (condition === false) return { kind: 'skipped', why: await falseCondition(task, scope, readFact) }
    const rendered = await withFacts(() => asRecord(renderValue(task.args, scope())), readFact)
    const environment = await renderEnvironment(task, scope, readFact)
    const become = await renderBecome(task, scope, readFact)
    if (condition instanceof Unknown) return { kind: 'unknown', why: condition.why }
    const unknown =
      findUnknown(mustBeKnown(rendered, context.module(task.module))) ?? findUnknown(environment)
    if (unknown) return { kind: 'unknown', why: unknown.why }
    const resolved = await withFacts(() => context.resolveFiles(task, rendered, scope()), readFact)
    const unknownContent = findUnknown(mustBeKnown(resolved, context.module(task.module)))
    if (unknownContent) return { kind: 'unknown', why: unknownContent.why }
    let secret = false
    const revealed = reveal(wholeUnknowns(resolved, context.module(task.module)), (found) => {
      secret = true
      context.sawSecret(found)
    })
    const { args, problems } = context.checkArgs(task, revealed)
    const [problem] = problems
    if (problem) return { kind: 'failed', problem }
    return { kind: 'ready', args, environment, become, secret }
  } catch (error) {
    return { kind: 'failed', problem: firstProblem(error) }
  }
}

/** Every path that a task reads before its module is asked: conditions, loop, arguments, environment, privilege. Through variables down to data. */
export function pathsOf(task: Task, context: PrepareContext): readonly ReadPath[] {
  const scope = context.variables.scope(context.play, task, context.layers)
  const values: Value[] = [task.args, ...task.environment.values()]
  if (task.loop) values.push(task.loop.items)
  if (task.become.user) values.push(task.become.user)
  return scope.reads([...task.when.flatMap((condition) => condition.reads), ...values.flatMap(valueReads)])
}

/** A mistake that only showed when it was rendered; anything else is a fault of ours and goes on. */
export function firstProblem(error: unknown): Problem {
  if (error instanceof InputError && error.problems[0]) return error.problems[0]
  throw error
}

async function falseCondition(
  task: Task,
  scope: () => VariableScope,
  readFact: (fact: Unread) => Promise<void>,
): Promise<string> {
  for (const condition of task.when) {
    if ((await withFacts(() => evaluate(condition, scope()), readFact)) === false) return condition.source
  }
  return 'its condition is false'
}

async function renderEnvironment(
  task: Task,
  scope: () => VariableScope,
  readFact: (fact: Unread) => Promise<void>,
): Promise<Readonly<Record<string, string | Secret>>> {
  const result: Record<string, string | Secret> = {}
  for (const [name, value] of task.environment) {
    const rendered = await withFacts(() => renderValue(value, scope()), readFact)
    result[name] = rendered instanceof Secret ? rendered : String(rendered)
  }
  return result
}

async function renderBecome(
  task: Task,
  scope: () => VariableScope,
  readFact: (fact: Unread) => Promise<void>,
): Promise<{ readonly enabled: boolean; readonly user: string } | undefined> {
  const { enabled, user } = task.become
  if (enabled === undefined) return undefined
  const name = user === undefined ? 'root' : await withFacts(() => renderValue(user, scope()), readFact)
  return { enabled, user: String(name) }
}

function reveal(value: unknown, saw: (secret: Secret) => void): unknown {
  if (value instanceof Secret) {
    saw(value)
    return value.reveal()
  }
  if (Array.isArray(value)) return value.map((item) => reveal(item, saw))
  if (typeof value === 'object' && value !== null && !(value instanceof Unknown)) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, reveal(part, saw)]))
  }
  return value
}

/** The arguments without those that the module takes unknown. */
function mustBeKnown(args: unknown, { mayBeUnknown = [] }: Module): unknown {
  return Object.fromEntries(Object.entries(asRecord(args)).filter(([name]) => !mayBeUnknown.includes(name)))
}

/** An argument that is unknown in part arrives as a whole `Unknown`. */
function wholeUnknowns(args: unknown, { mayBeUnknown = [] }: Module): unknown {
  if (args instanceof Unknown) return args
  const entries = Object.entries(asRecord(args)).map(([name, value]): [string, unknown] => [
    name,
    mayBeUnknown.includes(name) ? (findUnknown(value) ?? value) : value,
  ])
  return Object.fromEntries(entries)
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
