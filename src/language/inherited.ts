/** The keywords that a task inherits from its play, its role use and its imports. */
import type { FieldReader } from './fields.ts'
import type { Loader } from './loader.ts'
import type { Notification } from './notification.ts'
import type { Become, Expression, Value, Variable } from './model.ts'
import { type ModuleDefaults, readModuleDefaults } from './module-defaults.ts'

export interface Inherited {
  readonly when: readonly Expression[]
  readonly tags: readonly string[]
  readonly become: Become
  readonly environment: ReadonlyMap<string, Value>
  readonly vars: ReadonlyMap<string, Variable>
  readonly ignoreErrors: boolean
  readonly ignoreUnreachable: boolean
  readonly anyErrorsFatal: boolean
  readonly runOnce: boolean
  readonly noLog: boolean
  /** Handlers that the blocks around a task notify. */
  readonly notify: readonly Notification[]
  readonly exitCode: number | undefined
  readonly moduleDefaults: ModuleDefaults
  /** Seconds; 0: no limit. */
  readonly timeout: number
  /** Hosts; 0: no limit. */
  readonly throttle: number
  readonly delegateTo: Value | undefined
  readonly delegateFacts: boolean
}

export const nothingInherited: Inherited = {
  when: [],
  tags: [],
  become: { enabled: undefined, user: undefined },
  environment: new Map(),
  vars: new Map(),
  ignoreErrors: false,
  ignoreUnreachable: false,
  anyErrorsFatal: false,
  runOnce: false,
  noLog: false,
  notify: [],
  exitCode: undefined,
  moduleDefaults: new Map(),
  timeout: 0,
  throttle: 0,
  delegateTo: undefined,
  delegateFacts: false,
}

/**
 * Merges the common keywords of a map with the inherited ones. Tags and conditions accumulate, maps are
 * merged (`module_defaults` by module), the rest is replaced. The caller handles `vars`, whose meaning differs.
 */
export function inherit(fields: FieldReader, outer: Inherited, loader: Loader): Inherited {
  const { values } = loader
  const environment = fields.map('environment')
  const own = [...(environment?.entries ?? [])].map(([name, entry]): [string, Value] => [
    name,
    values.value(entry.value),
  ])
  const user = fields.node('become_user')
  const delegate = fields.node('delegate_to')
  // sudo is the only method; reports any other.
  fields.choice('become_method', ['sudo'])
  const tags = fields.words('tags', { split: true }).map((tag) => tag.text)
  return {
    when: [...outer.when, ...(fields.conditions('when') ?? [])],
    tags: [...new Set([...outer.tags, ...tags])],
    become: {
      enabled: fields.boolean('become') ?? outer.become.enabled,
      user: user === undefined ? outer.become.user : values.value(user),
    },
    environment: new Map([...outer.environment, ...own]),
    vars: outer.vars,
    notify: outer.notify,
    ignoreErrors: fields.boolean('ignore_errors') ?? outer.ignoreErrors,
    ignoreUnreachable: fields.boolean('ignore_unreachable') ?? outer.ignoreUnreachable,
    anyErrorsFatal: fields.boolean('any_errors_fatal') ?? outer.anyErrorsFatal,
    runOnce: fields.boolean('run_once') ?? outer.runOnce,
    noLog: fields.boolean('no_log') ?? outer.noLog,
    exitCode: fields.integer('exit_code', 3, 7) ?? outer.exitCode,
    moduleDefaults: readModuleDefaults(loader, fields, outer.moduleDefaults),
    timeout: fields.integer('timeout', 0, 86_400) ?? outer.timeout,
    throttle: fields.integer('throttle', 0, 100_000) ?? outer.throttle,
    delegateTo: delegate === undefined ? outer.delegateTo : values.value(delegate),
    delegateFacts: fields.boolean('delegate_facts') ?? outer.delegateFacts,
  }
}

/** Returns what handlers inherit: they notify only those that they name, and run on each notified host. */
export function inheritedByHandlers(inherited: Inherited): Inherited {
  return { ...inherited, notify: [], runOnce: false }
}
