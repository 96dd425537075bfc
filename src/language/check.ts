/** Follows the variables through a play: every name must be declared before it is read. */
import { Declarations, type JsonSchema } from './declarations.ts'
import { builtIns, rescueNames } from './built-ins.ts'
import type { Loader } from './loader.ts'
import { inventoryTask } from './inventory-tasks.ts'
import { namesOfLoop } from './loop.ts'
import type { Expression, Play, Role, RoleUse, Task, Value, Variables } from './model.ts'
import { fits } from './name-pattern.ts'
import { variablesOf } from './reads.ts'
import { registeredSchema } from './registered.ts'
import { valueReads } from './render.ts'
import { didYouMean } from './suggest.ts'
import { checkTaskFiles } from './task-files.ts'

/** The names that are known after a play: registered results remain, its variables do not. */
export interface CheckedNames {
  readonly base: Declarations
  readonly results: ReadonlyMap<string, JsonSchema | undefined>
  /** Results of plays that may still run on other hosts when the next play starts with `after: node`. */
  readonly unsettled: ReadonlySet<string>
}

export function startNames({ options, lostResults }: Loader): CheckedNames {
  const names = new Map<string, JsonSchema | undefined>()
  for (const name of options.variables ?? []) names.set(name, undefined)
  for (const name of lostResults) names.set(name, undefined)
  for (const name of Object.keys(builtIns)) if (!Object.hasOwn(rescueNames, name)) names.set(name, undefined)
  names.set('facts', options.facts)
  return { base: new Declarations(names), results: new Map(), unsettled: new Set() }
}

/**
 * Checks all expressions, templates and notifications of a play; returns the names that later plays may read.
 */
export function checkPlay(loader: Loader, play: Play, before: CheckedNames): CheckedNames {
  const results = new Map(before.results)
  const tasks = play.sections.flatMap((section) => section.tasks)
  const earlier = play.after === 'node' ? before.unsettled : new Set<string>()
  const own = [...tasks, ...play.handlers].flatMap((task) => given(loader, task).map(([name]) => name))
  const unsettled = new Set([...earlier, ...own])
  const asked = play.prompts.map(({ name }) => [name, undefined] as const)
  // In lockstep, all hosts have the results of earlier tasks.
  const playNames = before.base
    .with(namesOf(play.vars))
    .with(asked)
    .unsettled(play.strategy === 'linear' ? earlier : unsettled)
  for (const task of tasks) {
    const here = taskNames(playNames, task).with(results)
    checkTask(loader, task, here)
    for (const [name, schema] of given(loader, task)) {
      const known = results.get(name)
      const same = !results.has(name) || JSON.stringify(known) === JSON.stringify(schema)
      results.set(name, same ? schema : undefined)
    }
    for (const name of variablesThrough(loader, task)) if (!results.has(name)) results.set(name, undefined)
  }
  for (const handler of play.handlers) checkTask(loader, handler, taskNames(playNames, handler).with(results))
  // Variables are rendered on read, so those of the play may use the results of any of its tasks.
  const everything = playNames.with(results)
  checkVariables(loader, play.vars, everything)
  for (const task of [...tasks, ...play.handlers])
    checkVariables(loader, task.includes, taskNames(everything, task))
  checkValue(loader, play.title, playNames)
  // The run reports its mistakes: only the run knows `-e`.
  for (const name of play.hosts.values.flatMap(valueReads).flatMap(variablesOf)) loader.reads.add(name)
  for (const use of play.roles) checkRole(loader, use, everything)
  checkNotifications(loader, play, [...tasks, ...play.handlers])
  return { base: before.base, results, unsettled }
}

function namesOf(variables: Variables): (readonly [string, undefined])[] {
  return [...variables.keys()].map((name) => [name, undefined] as const)
}

function roleNames(names: Declarations, use: RoleUse): Declarations {
  const others = use.dependencies.reduce(namesOfRole, names)
  return [...use.parents, use].reduce(
    (known, { role, parameters }) => namesOfRole(known.with(namesOf(parameters)), role),
    others,
  )
}

function namesOfRole(names: Declarations, { defaults, vars, arguments: described }: Role): Declarations {
  const properties = described?.schema['properties']
  const typed =
    typeof properties === 'object' && properties !== null
      ? Object.entries(properties as Record<string, JsonSchema>)
      : []
  return names.with(namesOf(defaults)).with(namesOf(vars)).with(typed)
}

function taskNames(names: Declarations, task: Task): Declarations {
  const inRole = task.role === undefined ? names : roleNames(names, task.role)
  const inputs = task.inputs.map((name) => [name, undefined] as const)
  const known = inRole.with(inputs).with(namesOf(task.vars))
  return task.inRescue ? known.with(Object.entries(rescueNames)) : known
}

function checkTask(loader: Loader, task: Task, names: Declarations): void {
  const check = (value: Value | undefined, known: Declarations) => {
    if (value !== undefined) checkValue(loader, value, known)
  }
  const checkAll = (conditions: readonly Expression[] | undefined, known: Declarations) => {
    for (const condition of conditions ?? []) checkCondition(loader, condition, known)
  }
  const loopNames = names.with(task.loop === undefined ? [] : namesOfLoop(task.loop))
  // The condition guards the rest of the task, so names that it tests with defined() may be read there.
  const inLoop = loopNames.withOptional(task.when)
  const { async } = task
  const schema = registeredSchema(loader.modules.get(task.module), { looped: false, async })
  const withResult = task.register === undefined ? inLoop : inLoop.with([[task.register, schema]])
  check(task.loop?.items, names)
  check(task.loop?.label, inLoop)
  check(task.title, inLoop)
  checkAll(task.when, inLoop)
  check(task.args, inLoop)
  check(task.become.user, inLoop)
  check(task.delegateTo, inLoop)
  for (const value of task.environment.values()) check(value, inLoop)
  checkVariables(loader, task.vars, inLoop)
  checkAll(task.until, withResult)
  checkAll(task.loop?.breakWhen, withResult)
  checkAll(task.changedWhen, withResult)
  checkAll(task.failedWhen, withResult)
  checkTaskFiles(loader, task, inLoop)
}

function checkVariables(loader: Loader, variables: Variables, names: Declarations): void {
  for (const { value } of variables.values()) checkValue(loader, value, names)
}

function checkValue(loader: Loader, value: Value, names: Declarations): void {
  for (const name of valueReads(value).flatMap(variablesOf)) loader.reads.add(name)
  loader.problems.push(...names.check(value))
}

function checkCondition(loader: Loader, condition: Expression, names: Declarations): void {
  for (const name of condition.reads.flatMap(variablesOf)) loader.reads.add(name)
  loader.problems.push(...names.checkCondition(condition))
}

function checkRole(loader: Loader, use: RoleUse, names: Declarations): void {
  const inputs = (use.inputs ?? []).map((name) => [name, undefined] as const)
  const inside = roleNames(names, use).with(inputs)
  checkVariables(loader, use.role.defaults, inside)
  checkVariables(loader, use.role.vars, inside)
  checkVariables(loader, use.parameters, inside)
  for (const { that, message, hint } of use.role.arguments?.checks ?? []) {
    const asked = inside.withOptional([that])
    checkCondition(loader, that, asked)
    checkValue(loader, message, asked)
    if (hint !== undefined) checkValue(loader, hint, asked)
  }
}

/** Returns the declarations with the names that the task adds for later ones. */
function given(loader: Loader, task: Task): readonly (readonly [string, JsonSchema | undefined])[] {
  const facts =
    loader.modules.get(task.module)?.setsFacts === true
      ? [...task.args.entries.keys()].map((name) => [name, undefined] as const)
      : namesOf(task.includes)
  if (task.register === undefined) return facts
  const { async } = task
  const schema = registeredSchema(loader.modules.get(task.module), { looped: task.loop !== undefined, async })
  return [...facts, [task.register, schema]]
}

/** The variables that hosts get through `group_by` and `add_host`. */
function variablesThrough(loader: Loader, task: Task): Iterable<string> {
  const made = inventoryTask(task)
  if (made === undefined) return []
  const names = [...made.groups, ...made.hosts]
  const read = loader.options.namesIn?.((name) => names.some((pattern) => fits(name, pattern))) ?? []
  return [...read, ...made.variables]
}

function checkNotifications(loader: Loader, play: Play, tasks: readonly Task[]): void {
  const known = new Set(play.handlers.flatMap((handler) => [handler.name, ...handler.listen]))
  for (const task of tasks) {
    for (const { name, where } of task.notify) {
      if (known.has(name)) continue
      loader.report('unknown-handler', `there is no handler "${name}" in this play`, {
        where,
        hint: didYouMean(
          name,
          known,
          known.size === 0 ? 'add one under "handlers"' : `the handlers are ${[...known].join(', ')}`,
        ),
      })
    }
  }
}
