/**
 * User input as typed values with positions, read by `readPlaybook` and `loadInventory`. Inheritance (tags, become,
 * environment, exit codes) is already resolved, so a task has everything needed to run it.
 */
import type { Position, Problem } from '../base/errors.ts'
import type { SealedValue } from './encrypted/sealed-value.ts'
import type { Serial } from './batch-size.ts'
import type { Comparison } from './comparison.ts'
import type { Evaluation } from './evaluation.ts'
import type { Notification } from './notification.ts'
import type { Prompt } from './prompt.ts'
import type { TaskIdentity } from './task-identity.ts'
import type { TaskLimits } from './task-limits.ts'

/** `facts.os.id` is read as `['facts', 'os', 'id']`; `computedKey` replaces a computed index (reads.ts). */
export type ReadPath = readonly string[]

/** A parsed CEL expression. Evaluate it with `evaluate` or `evaluateCondition` (expression.ts). */
export interface Expression {
  readonly kind: 'expression'
  readonly source: string
  readonly where: Position
  readonly reads: readonly ReadPath[]
  /** Variables that it tests for existence (`defined(x)`, `default(x, y)`): they need no declaration. */
  readonly optional: readonly string[]
  readonly comparisons: readonly Comparison[]
  /** Returns the position of a part of `source`. */
  readonly at: (offset: number, length: number) => Position
  /** Runs the compiled program; only expression.ts calls it. */
  readonly run: (context: Record<string, unknown>, reading: Evaluation) => unknown
}

/** A parsed text with `{{ }}`. Render it with `renderTemplate` (template.ts). */
export interface Template {
  readonly kind: 'template'
  readonly source: string
  readonly where: Position
  readonly reads: readonly ReadPath[]
  /** The same as for an expression. */
  readonly optional: readonly string[]
  readonly comparisons: readonly Comparison[]
  /** Set if the text is exactly one `{{path}}`: the value then keeps its type. */
  readonly path: ReadPath | undefined
  /** Set if the text is exactly one call of a function, whose value also keeps its type; only template.ts calls it. */
  readonly value: ((context: Record<string, unknown>, reading: Evaluation) => unknown) | undefined
  /** Returns the position of a part of `source`. */
  readonly at: (offset: number, length: number) => Position
  /** Its mistakes, in an inventory: rendering throws them. An unread variable may contain anything. */
  readonly problems?: readonly Problem[]
  /** Runs the compiled program; only template.ts calls it. */
  readonly run: (context: Record<string, unknown>, reading: Evaluation) => string
}

/** A value that a user wrote. Literals are final; templates and expressions need a host's variables. */
export type Value = LiteralValue | ListValue | MapValue | Template | Expression | SealedValue

export interface LiteralValue {
  readonly kind: 'literal'
  readonly value: string | number | boolean | null
  /** The source text of a scalar that is not a string: `0644` for the number 644. */
  readonly source?: string
  /** How to write the number as text outside YAML: `"'580.95'"`. */
  readonly quoted?: string
  readonly where: Position
}

export interface ListValue {
  readonly kind: 'list'
  readonly items: readonly Value[]
  readonly where: Position
}

export interface MapValue {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, MapEntry>
  readonly where: Position
}

export interface MapEntry {
  /** The position of the key. */
  readonly where: Position
  readonly value: Value
}

/** A variable and the position of its value. The value is rendered on read, in the scope of the reader. */
export interface Variable {
  readonly name: string
  readonly value: Value
  /** The position of the name; for `-e name=value` the file is `-e`. */
  readonly where: Position
}

export type Variables = ReadonlyMap<string, Variable>

export interface Playbook {
  readonly plays: readonly Play[]
  /** Names of all variables that it reads. */
  readonly reads: ReadonlySet<string>
}

export interface Play {
  /** The name as written, or its hosts. Part of the identity of its tasks. */
  readonly name: string
  /** The name for people: `displayName` renders it. */
  readonly title: Value
  readonly hosts: PlayHosts
  /** `node`: a container starts once its own node has finished every earlier play. */
  readonly after: 'node' | undefined
  /** Also of failures outside its tasks. Its tasks inherit it. */
  readonly anyErrorsFatal: boolean
  /** If more than this share of a batch fails, the run ends: 0 to 100. */
  readonly maxFailPercentage: number | undefined
  /** `linear`: all hosts of a batch finish a task before one of them starts the next. */
  readonly strategy: 'free' | 'linear'
  /** Notified handlers also run on hosts that have failed. */
  readonly forceHandlers: boolean
  /** Undefined: all hosts are one batch. */
  readonly serial: Serial | undefined
  readonly vars: Variables
  readonly prompts: readonly Prompt[]
  /** The variables of the prompts, which override `vars`: text, `Secret`, or `Unknown` before the run asks. */
  readonly answers: ReadonlyMap<string, unknown>
  readonly roles: readonly RoleUse[]
  /** `pre_tasks`, `tasks` (roles' tasks first), `post_tasks`, without empty ones. Handlers end each. */
  readonly sections: readonly Section[]
  /** The roles' handlers, then the play's, in the order in which they run. Of equal names, the later wins. */
  readonly handlers: readonly Handler[]
}

/** `hosts` of a play. `hostsPattern` renders it, and inventory/pattern.ts resolves the result. */
export interface PlayHosts {
  /** As in the file; several entries with commas between them. */
  readonly written: string
  readonly values: readonly Value[]
  readonly where: Position
}

export interface Section {
  readonly steps: readonly TaskOrBlock[]
  /** The tasks of all steps, in the order of the file. */
  readonly tasks: readonly Task[]
}

export type TaskOrBlock = Task | Block

/** Tasks with others that handle their failure. A block without `rescue` and `always` is only its tasks. */
export interface Block {
  readonly kind: 'block'
  /** For people: the name, or the place of the block. */
  readonly name: string
  readonly tasks: readonly TaskOrBlock[]
  /** Runs if one of the tasks fails. If all of these succeed, the failure is none. */
  readonly rescue: readonly TaskOrBlock[]
  /** Runs afterwards in any case, except after an interruption. */
  readonly always: readonly TaskOrBlock[]
}

export interface Role {
  readonly name: string
  readonly directory: string
  readonly defaults: Variables
  readonly vars: Variables
  /** The JSON Schema in `meta/arguments.yml`, if there is one. */
  readonly arguments: RoleArguments | undefined
}

export interface RoleArguments {
  readonly schema: Readonly<Record<string, unknown>>
  readonly checks: readonly RoleCheck[]
}

/** Checks of a role's variables that a schema cannot express. */
export interface RoleCheck {
  readonly that: Expression
  readonly message: Value
  readonly hint?: Value
  /** The variable whose position is shown. */
  readonly at?: string
}

/** One use of a role in a play. */
export interface RoleUse {
  readonly role: Role
  readonly where: Position
  /** The parameters of this use: the `vars` of the entry and its other keys. */
  readonly parameters: Variables
  readonly when: readonly Expression[]
  /** The uses that depend on this one, outermost first. Their variables are visible in it. */
  readonly parents: readonly RoleUse[]
  /** The roles on which it depends, at any depth. Their defaults and `vars` are visible in it. */
  readonly dependencies: readonly Role[]
  /** Of an included role: variables that only the run knows. It evaluates the parameters when it includes the role. */
  readonly inputs: readonly string[] | undefined
}

export interface Task extends TaskLimits {
  readonly id: TaskIdentity
  /** `id` as one string. */
  readonly key: string
  readonly where: Position
  /** The name as written, or the module's name. Part of the identity. */
  readonly name: string
  /** The name for people: `displayName` renders it. */
  readonly title: Value
  readonly role: RoleUse | undefined
  /** The same task of an earlier use of the role with the same variables: if that is selected, this one is not. */
  readonly repeats: Task | undefined
  /** The playbook's folder, which is searched for the task's relative files if there is no role. */
  readonly directory: string
  readonly module: string
  readonly moduleAt: Position
  readonly args: MapValue
  /** Variables that the task may read from files (`include_vars`). Which ones, and their values, the run decides. */
  readonly includes: Variables
  /** Variables that the includes around the task give it: their `vars` and those of their loops. */
  readonly inputs: readonly string[]
  /** True in an include with a loop: the task runs for each item. */
  readonly repeated: boolean
  /** Of `include_tasks` and `include_role`: what they can include. */
  readonly include: Include | undefined
  /** The action of `meta`. */
  readonly meta: MetaAction | undefined
  /** All must be true. Conditions of the role and the imports come first. */
  readonly when: readonly Expression[]
  readonly loop: Loop | undefined
  readonly register: string | undefined
  readonly notify: readonly Notification[]
  readonly vars: Variables
  readonly tags: readonly string[]
  readonly until: readonly Expression[] | undefined
  /** The number of retries while `until` is false, and the seconds between two attempts. */
  readonly retries: number
  readonly delay: number
  readonly become: Become
  readonly environment: ReadonlyMap<string, Value>
  readonly changedWhen: readonly Expression[] | undefined
  readonly failedWhen: readonly Expression[] | undefined
  readonly ignoreErrors: boolean
  /** If the host cannot be reached for the task, the play continues on it. */
  readonly ignoreUnreachable: boolean
  /** True below `rescue`, where the failed task is known. */
  readonly inRescue: boolean
  /** A failure of the task that nothing rescues ends the run. */
  readonly anyErrorsFatal: boolean
  /** The first host of a batch that has not failed runs the task for all. Never set for a handler. */
  readonly runOnce: boolean
  readonly noLog: boolean
  /** The exit code of the run if the task fails (3 to 7). */
  readonly exitCode: number | undefined
  /** The host that the task acts on; with `delegateFacts`, it gets the variables that the task sets. */
  readonly delegateTo: Value | undefined
  readonly delegateFacts: boolean
}

export interface Include {
  /** The folder of the file that contains the include. */
  readonly folder: string
  /** The `vars` of the include. The run evaluates them once, when it includes. */
  readonly inputs: readonly string[]
  /** By the path of the file, or by `roleChoice`. */
  readonly choices: ReadonlyMap<string, IncludeChoice>
}

export interface IncludeChoice {
  readonly steps: readonly TaskOrBlock[]
  /** The use of the role. */
  readonly use: RoleUse | undefined
}

/** What a task of the module `meta` does. */
export type MetaAction = 'flush_handlers' | 'end_host' | 'end_batch' | 'end_play' | 'noop'

/** A task that runs after a notification of its name or of a topic that it listens to. */
export interface Handler extends Task {
  readonly listen: readonly string[]
}

export interface Loop {
  /** Renders to a list. */
  readonly items: Value
  /** The variable that contains the item; `item` by default. */
  readonly variable: string
  readonly indexVariable: string | undefined
  readonly label: Value | undefined
  /** Seconds between two items. */
  readonly pause: number
  /** Whether the items see `ansible_loop`; `short` without `allitems`. */
  readonly extended: 'no' | 'short' | 'whole'
  /** If all are true after an item, the items after it do not run. */
  readonly breakWhen: readonly Expression[] | undefined
  readonly where: Position
}

/** Privilege: if undefined, the host's variables decide. */
export interface Become {
  readonly enabled: boolean | undefined
  readonly user: Value | undefined
}
