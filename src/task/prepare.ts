/** Prepares a task for its module: evaluates the condition, renders and checks the arguments. */
import { type HostName, hostName } from '../base/brand.ts'
import { InputError } from '../base/errors.ts'
import { hideNamed, hideTexts, isSecretName, Secret } from '../base/secret.ts'
import { findUnknown, Unknown } from '../base/unknown.ts'
import { withFacts } from '../fleet/host-variables.ts'
import { checkEnvironment } from '../host/queries/ask.ts'
import { bornSecrets } from '../language/born-secrets.ts'
import { unknownDelegate } from '../language/delegates.ts'
import { evaluate, evaluateCondition } from '../language/expression.ts'
import { IncludedVariable } from '../language/included-variable.ts'
import type { Task } from '../language/model.ts'
import { Omit } from '../language/omit.ts'
import { renderValue } from '../language/render.ts'
import type { VariableScope } from '../language/scope.ts'
import type { Module } from '../modules/module.ts'
import { changeOf, type KnownChange, withoutFreeVariables } from './inventory-changes.ts'
import { prepareInclusion, type PreparedInclusion } from './inclusion.ts'
import type { Item } from './items.ts'
import { becomeUser, secretInConnection } from '../fleet/targets.ts'
import { declaredSecrets, refusedSecret } from './secret-arguments.ts'
import { firstProblem, type Preparing, scopeOf } from './preparing.ts'

export interface Ready {
  readonly kind: 'ready'
  readonly args: unknown
  /** The arguments as rendered, with the texts of templates; may contain `Secret`, in a dry run `Unknown`. */
  readonly given: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | Secret>>
  /** The host that the task acts on, if not its own. */
  readonly delegate: HostName | undefined
  /** Undefined: use the privilege of the host. */
  readonly become: { readonly enabled: boolean; readonly user: string } | undefined
  /** True if the arguments contain a secret. Only new files of this task are shown then. */
  readonly secret: boolean
  /** Variables that the task sets, for modules that set any. Secrets stay secret. */
  readonly facts: Readonly<Record<string, unknown>> | undefined
  /** What the task changes in the inventory (`group_by`, `add_host`). */
  readonly change: KnownChange | undefined
}

export type PreparedItem =
  | { readonly kind: 'skipped'; readonly why: string }
  /** `args` are those that could be rendered. */
  | { readonly kind: 'unknown'; readonly why: string; readonly args: Readonly<Record<string, unknown>> }
  | PreparedInclusion
  | Ready

export async function prepareItem(task: Task, item: Item, given: Preparing): Promise<PreparedItem> {
  const { context } = given
  // One scope for all parts of the task, until it reads a fact that was unread.
  let shared: VariableScope | undefined
  const scope = (): VariableScope => (shared ??= scopeOf(task, item.layers, given))
  const readFact: Preparing['readFact'] = async (fact) => {
    await given.readFact(fact)
    shared = undefined
  }
  const preparing: Preparing = { ...given, readFact }
  const module = context.arguments.module(task.module)
  try {
    const own = await withFacts(() => evaluateCondition(task.when, scope()), readFact)
    const condition = own === true && context.doubt !== undefined ? new Unknown(context.doubt) : own
    if (condition === false) return { kind: 'skipped', why: await falseCondition(task, scope, preparing) }
    const rendered = await withFacts(() => asRecord(hideNamed(renderValue(task.args, scope()))), readFact)
    const { include } = task
    if (include !== undefined) {
      const doubt = condition instanceof Unknown ? condition.why : undefined
      return await prepareInclusion(task, item, { include, args: rendered, doubt, scope, preparing })
    }
    const environment = await renderEnvironment(task, scope, preparing)
    const delegate = await renderDelegate(task, scope, preparing)
    if (condition instanceof Unknown) return { kind: 'unknown', why: condition.why, args: rendered }
    if (delegate instanceof Unknown) return { kind: 'unknown', why: delegate.why, args: rendered }
    const become = await renderBecome(task, scope, { ...preparing, delegate })
    const unknown = findUnknown(mustBeKnown(rendered, module, context.run.check)) ?? findUnknown(environment)
    if (unknown) return { kind: 'unknown', why: unknown.why, args: rendered }
    const resolved = await withFacts(() => context.arguments.resolve(task, rendered, scope()), readFact)
    const unknownContent = findUnknown(mustBeKnown(resolved, module, context.run.check))
    if (unknownContent) return { kind: 'unknown', why: unknownContent.why, args: resolved }
    if (task.noLog) bookDeclared(task, scope(), { resolved, context })
    const refused = refusedSecret(task, resolved, module)
    if (refused) return { kind: 'failed', problem: refused }
    let secret = false
    const revealed = reveal(wholeUnknowns(resolved, module), (found) => {
      secret = true
      context.run.secrets.add(found)
    })
    const { args, problems } = context.arguments.check(task, revealed)
    const [problem] = problems
    if (problem) return { kind: 'failed', problem }
    const facts =
      module.includesVariables === true
        ? includedFacts(task, args, context)
        : module.setsFacts !== true
          ? undefined
          : task.noLog
            ? hiddenFacts(resolved)
            : resolved
    const change = changeOf(task, { args, given: resolved, host: context.host.machine.name })
    return { kind: 'ready', args, given: resolved, environment, delegate, become, secret, facts, change }
  } catch (error) {
    return { kind: 'failed', problem: firstProblem(error) }
  }
}

function hiddenFacts(facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, hideTexts(value)]))
}

/** Reads the variables of the task's files, and books the secrets among them. */
function includedFacts(
  task: Task,
  args: unknown,
  { arguments: known, run }: Preparing['context'],
): Readonly<Record<string, unknown>> {
  const variables = known.include(task, args)
  for (const secret of bornSecrets(variables)) run.secrets.add(secret)
  return Object.fromEntries(
    [...variables].map(([name, variable]) => [name, new IncludedVariable(variable, task.noLog)]),
  )
}

/** Marks the arguments of a `no_log` task, and the files that it copies, as secret everywhere. */
function bookDeclared(
  task: Task,
  scope: VariableScope,
  {
    resolved,
    context,
  }: { readonly resolved: Readonly<Record<string, unknown>>; readonly context: Preparing['context'] },
): void {
  const module = context.arguments.module(task.module)
  for (const secret of declaredSecrets(task, scope, module)) context.run.secrets.hide(secret)
  for (const text of context.arguments.filesOf(task, resolved)) context.run.secrets.add(new Secret(text))
}

async function falseCondition(
  task: Task,
  scope: () => VariableScope,
  { readFact }: Preparing,
): Promise<string> {
  for (const condition of task.when) {
    if ((await withFacts(() => evaluate(condition, scope()), readFact)) === false) return condition.source
  }
  return 'its condition is false'
}

async function renderEnvironment(
  task: Task,
  scope: () => VariableScope,
  { readFact, context }: Preparing,
): Promise<Readonly<Record<string, string | Secret>>> {
  const result: Record<string, string | Secret> = {}
  for (const [name, value] of task.environment) {
    const rendered = await withFacts(() => renderValue(value, scope()), readFact)
    if (rendered instanceof Omit) continue
    const text = rendered instanceof Secret ? rendered : String(rendered)
    const hidden = typeof text === 'string' && isSecretName(name) ? new Secret(text) : text
    if (hidden instanceof Secret) context.run.secrets.add(hidden)
    result[name] = hidden
  }
  checkEnvironment(result)
  return result
}

/** @returns undefined if the task acts on its own host */
async function renderDelegate(
  { delegateTo }: Task,
  scope: () => VariableScope,
  { readFact, context }: Preparing,
): Promise<HostName | Unknown | undefined> {
  if (delegateTo === undefined) return undefined
  const found = await withFacts(() => renderValue(delegateTo, scope()), readFact)
  if (found instanceof Omit) return undefined
  if (found instanceof Unknown) return found
  if (found instanceof Secret) throw secretInConnection('delegate_to')
  const { fleet } = context.run
  if (typeof found !== 'string') throw new InputError([unknownDelegate(delegateTo, undefined)])
  const name = hostName(found)
  if (!fleet.has(name)) throw new InputError([unknownDelegate(delegateTo, name)])
  return name === context.host.machine.name ? undefined : name
}

async function renderBecome(
  task: Task,
  scope: () => VariableScope,
  { readFact, context, delegate }: Preparing & Pick<Ready, 'delegate'>,
): Promise<Ready['become']> {
  const { enabled, user } = task.become
  if (enabled === undefined) return undefined
  const host = delegate ?? context.host.machine.name
  const otherwise = (): string => becomeUser(context.run.fleet.variable(host), context.connection)
  const name = user === undefined ? otherwise() : await withFacts(() => renderValue(user, scope()), readFact)
  if (name instanceof Secret) throw secretInConnection('become_user')
  return { enabled, user: name instanceof Omit ? otherwise() : String(name) }
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

/**
 * Returns the arguments that must be known: in a dry run without those that the module accepts unknown, in a
 * real run all.
 */
function mustBeKnown(args: unknown, module: Module, check: boolean): unknown {
  const { name: called, mayBeUnknown = [], setsFacts } = module
  if (!check) return args
  if (setsFacts === true) return {}
  if (called === 'add_host') return withoutFreeVariables(asRecord(args))
  return Object.fromEntries(Object.entries(asRecord(args)).filter(([name]) => !mayBeUnknown.includes(name)))
}

/** Turns a partly unknown argument into `Unknown`. */
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
