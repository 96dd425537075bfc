/** Reads one task or handler. */
import type { Fix, Position } from '../base/errors.ts'
import { FieldReader } from './fields.ts'
import { inherit, type Inherited, inheritedByHandlers } from './inherited.ts'
import { handlerKeywords, misplaced, notYet, taskKeywords } from './keywords.ts'
import type { Loader } from './loader.ts'
import { readAsync } from './async-program.ts'
import { readLoop, variableName } from './loop.ts'
import type { Notification } from './notification.ts'
import type { Handler, RoleUse, Task, Variable } from './model.ts'
import { changesInventory } from './inventory-tasks.ts'
import { metaAction } from './meta-action.ts'
import { propertiesOf, readTaskArguments } from './module-arguments.ts'
import { type ModuleSchema, shortModuleName } from './module-schema.ts'
import { moduleInstead, sameModule } from './other-modules.ts'
import { possibleIncludes } from './possible-includes.ts'
import { didYouMean } from './suggest.ts'
import { isTemplate } from './template.ts'
import type { YamlEntry, YamlMap, YamlNode } from './yaml.ts'

/** The origin of a list of tasks, and what its tasks inherit. */
export interface TaskSurroundings {
  readonly playbook: string
  readonly play: string
  /** The playbook's folder. */
  readonly directory: string
  readonly role: RoleUse | undefined
  /** The file of the tasks, as in their identity. */
  readonly file: string
  /** The folder of that file, for imports. */
  readonly folder: string
  readonly inherited: Inherited
  /** True below `rescue` of a block. */
  readonly inRescue: boolean
  /** As in `Task`. */
  readonly inputs: readonly string[]
  readonly repeated: boolean
}

/** Reads a task and reports its problems. Returns `undefined` if it is too broken to use. */
export function readTask(loader: Loader, map: YamlMap, around: TaskSurroundings): Task | undefined {
  return read(loader, map, around, taskKeywords)
}

export function readHandler(loader: Loader, map: YamlMap, around: TaskSurroundings): Handler | undefined {
  const inherited = inheritedByHandlers(around.inherited)
  const task = read(loader, map, { ...around, inherited, inRescue: false }, handlerKeywords)
  if (task === undefined) return undefined
  const fields = new FieldReader(map, loader.values)
  const listen = fields.words('listen', { split: false }).map((topic) => topic.text)
  if (fields.entry('name') === undefined && listen.length === 0) {
    loader.report('unnamed-handler', 'a handler needs a name, or it can never be notified', {
      where: task.moduleAt,
      hint: 'give it a "name"',
    })
  }
  if (task.meta !== undefined) {
    loader.report('invalid-handler', 'a handler cannot be "meta"', {
      where: task.moduleAt,
      hint: 'write it as a task',
    })
  }
  if (task.runOnce) {
    loader.report('invalid-handler', 'a handler cannot have "run_once"', {
      where: fields.entry('run_once')?.where ?? task.moduleAt,
      hint: 'a handler runs on each host that notified it: notify it from a task with "run_once", or write it as a task',
    })
  }
  return { ...task, listen }
}

function read(
  loader: Loader,
  map: YamlMap,
  around: TaskSurroundings,
  keywords: ReadonlySet<string>,
): Task | undefined {
  const fields = new FieldReader(map, loader.values)
  const found = findModule(loader, map, keywords)
  const inherited = inherit(fields, around.inherited, loader)
  const vars = fields.map('vars')
  const own = vars === undefined ? [] : loader.values.variables(vars)
  const titleNode = fields.node('name')
  const name = fields.text('name')
  const loop = readLoop(loader, fields)
  const until = fields.conditions('until')
  const register = variableName(loader, fields, 'register')
  const when = inherited.when
  if (found === undefined) {
    if (register !== undefined) loader.lostResults.add(register)
    return undefined
  }
  const args = readTaskArguments(loader, fields, { ...found, defaults: inherited.moduleDefaults })
  const { role, directory } = around
  const where = fields.entry('name')?.where ?? found.where
  const includes =
    found.module.includesVariables === true
      ? possibleIncludes(loader, { args, role, directory, loop, where })
      : new Map<string, Variable>()
  const meta = found.module.name === 'meta' ? metaAction(loader, fields, args) : undefined
  if (around.repeated) checkRepeated(loader, { fields, inherited, meta, where: found.where })
  // As in Ansible. A handler runs on each host that notified it.
  const addsForAll = found.module.name === 'add_host' && keywords !== handlerKeywords
  const identity = loader.identity({
    playbook: around.playbook,
    play: around.play,
    role: around.role?.role.name,
    file: around.file,
    name: name ?? found.module.name,
  })
  return {
    ...identity,
    where,
    name: name ?? found.module.name,
    title:
      titleNode === undefined || name === undefined
        ? { kind: 'literal', value: found.module.name, where: found.where }
        : loader.values.value(titleNode),
    role,
    repeats: undefined,
    directory,
    module: found.module.name,
    moduleAt: found.where,
    args,
    includes,
    inputs: around.inputs,
    repeated: around.repeated,
    include: undefined,
    meta,
    when,
    loop,
    register,
    notify: [...inherited.notify, ...readNotify(fields)],
    inRescue: around.inRescue,
    vars: new Map([...inherited.vars, ...own]),
    tags: inherited.tags,
    until,
    retries: fields.integer('retries', 0, 100_000) ?? (until === undefined ? 0 : 3),
    delay: fields.integer('delay', 0, 86_400) ?? 5,
    become: inherited.become,
    environment: inherited.environment,
    changedWhen: fields.conditions('changed_when'),
    failedWhen: fields.conditions('failed_when'),
    ignoreErrors: inherited.ignoreErrors,
    ignoreUnreachable: inherited.ignoreUnreachable,
    anyErrorsFatal: inherited.anyErrorsFatal,
    // Each host directs its own play, or all decide together.
    runOnce: meta === undefined && (inherited.runOnce || addsForAll),
    noLog: inherited.noLog,
    exitCode: inherited.exitCode,
    timeout: inherited.timeout === 0 ? undefined : inherited.timeout,
    throttle: inherited.throttle === 0 || meta !== undefined ? undefined : inherited.throttle,
    delegateTo: meta === undefined && !changesInventory(found.module.name) ? inherited.delegateTo : undefined,
    delegateFacts: inherited.delegateFacts,
    async: readAsync(fields, found),
  }
}

/** In a loop, hosts may come to a task different numbers of times, so they cannot decide together there. */
function checkRepeated(
  loader: Loader,
  {
    fields,
    inherited,
    meta,
    where,
  }: Pick<Task, 'meta' | 'where'> & { readonly fields: FieldReader; readonly inherited: Inherited },
): void {
  const shared = meta === 'end_play' || meta === 'end_batch' ? meta : undefined
  if (shared === undefined && !inherited.runOnce) return
  loader.report('invalid-include', `"${shared ?? 'run_once'}" cannot be used in an include with a loop`, {
    where: fields.entry(shared === undefined ? 'run_once' : 'meta')?.where ?? where,
    hint: 'move it out of the included tasks, or include them without a loop',
  })
}

interface FoundModule {
  readonly module: ModuleSchema
  readonly where: Position
  readonly entry: YamlEntry
}

/** The one key that is a module; every other key must be a keyword. */
function findModule(loader: Loader, map: YamlMap, keywords: ReadonlySet<string>): FoundModule | undefined {
  const found: FoundModule[] = []
  const unknown: (readonly [string, YamlEntry])[] = []
  for (const [key, entry] of map.entries) {
    if (keywords.has(key)) continue
    const module = loader.modules.get(shortModuleName(key))
    if (module !== undefined) found.push({ module, where: entry.where, entry })
    else unknown.push([key, entry])
  }
  const [first, second] = found
  if (first !== undefined && second !== undefined) {
    loader.report(
      'two-modules',
      `a task calls one module, but this one has "${first.module.name}" and "${second.module.name}"`,
      {
        where: second.where,
        hint: 'split it into two tasks, or indent the arguments',
      },
    )
  }
  for (const [key, entry] of unknown)
    reportUnknownKey(loader, key, entry, { keywords, module: first?.module })
  if (first === undefined && unknown.length === 0) {
    loader.report('no-module', 'this task calls no module', {
      where: map.where,
      hint: 'add one: "copy: {...}"',
    })
  }
  return first
}

function reportUnknownKey(
  loader: Loader,
  key: string,
  entry: YamlEntry,
  context: { readonly keywords: ReadonlySet<string>; readonly module: ModuleSchema | undefined },
): void {
  const { where } = entry
  const { keywords, module } = context
  const argument = module !== undefined && Object.hasOwn(propertiesOf(module), key)
  const later = Object.hasOwn(notYet, key) && !argument ? notYet[key] : undefined
  if (later !== undefined || key.startsWith('with_')) {
    const hint = later ?? 'write loop'
    const fix = loopsAlike(key, entry.value) ? rename(key, 'loop') : undefined
    loader.report('not-yet-supported', `"${key}" is not yet supported`, { where, hint, fix })
    return
  }
  if (module === undefined) {
    const meant = sameModule(shortModuleName(key))
    loader.report('unknown-module', `there is no module and no keyword "${key}"`, {
      where,
      fix: meant === undefined ? undefined : rename(key, meant),
      hint:
        moduleInstead(shortModuleName(key)) ??
        didYouMean(shortModuleName(key), [...loader.modules.keys(), ...keywords], 'see "gpuplay modules"'),
    })
    return
  }
  loader.report('unknown-keyword', `"${key}" is not a keyword of a task`, {
    where,
    hint: argument
      ? `it is an argument of "${module.name}": indent it`
      : ((Object.hasOwn(misplaced, key) ? misplaced[key] : undefined) ?? didYouMean(key, keywords)),
  })
}

function rename(from: string, to: string): Fix {
  return { kind: 'key', from, to }
}

/**
 * Whether `loop` has the same items. `with_items` flattens lists, so every item must be known not to be one.
 */
function loopsAlike(key: string, value: YamlNode): boolean {
  if (key === 'with_list') return true
  return (
    key === 'with_items' &&
    value.kind === 'list' &&
    value.items.every(
      (item) =>
        item.kind === 'map' || (item.kind === 'scalar' && !item.cel && !isTemplate(String(item.value))),
    )
  )
}

/** The handlers that a task or block notifies. */
export function readNotify(fields: FieldReader): readonly Notification[] {
  return fields.words('notify', { split: false }).map(({ text, where }) => ({ name: text, where }))
}
