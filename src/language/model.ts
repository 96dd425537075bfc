/**
 * What users wrote, as typed values with positions. Made by `readPlaybook` and `loadInventory`; read by the engine.
 *
 * Everything inherited is settled here (tags, become, environment, exit codes), so that whoever runs a task needs to look
 * at the task alone.
 */
import type { Position, Problem } from '../base/errors.ts'

/** A path that an expression or template reads: `facts.os.id` is `['facts', 'os', 'id']`; where an index is computed, `computedKey` stands for it (reads.ts). */
export type ReadPath = readonly string[]

/** A path that is compared with a text: `facts.os_family == "Debian"`. */
export interface Comparison {
  readonly path: ReadPath
  readonly text: string
  /** Where the text stands, with its quotes. */
  readonly offset: number
  readonly length: number
}

/** A CEL expression that parsed. Evaluate it with `evaluate` or `evaluateCondition` (expression.ts). */
export interface Expression {
  readonly kind: 'expression'
  readonly source: string
  readonly where: Position
  readonly reads: readonly ReadPath[]
  /** Variables of which it asks whether they are there (`defined(x)`, `default(x, y)`): nobody has to declare them. */
  readonly optional: readonly string[]
  readonly comparisons: readonly Comparison[]
  /** The place of a part of `source`. */
  readonly at: (offset: number, length: number) => Position
  /** Runs the compiled program; only expression.ts calls it. */
  readonly run: (context: Record<string, unknown>) => unknown
}

/** A text with `{{ }}` in it that parsed. Render it with `renderTemplate` (template.ts). */
export interface Template {
  readonly kind: 'template'
  readonly source: string
  readonly where: Position
  readonly reads: readonly ReadPath[]
  /** As of an expression. */
  readonly optional: readonly string[]
  readonly comparisons: readonly Comparison[]
  /** Set when the text is exactly one `{{path}}`: the value then keeps its type. */
  readonly path: ReadPath | undefined
  /** Set when the text is exactly one `{{default ...}}`, whose value keeps its type too; only template.ts calls it. */
  readonly value:
    | ((
        context: Record<string, unknown>,
        hear: (made: unknown, given: readonly unknown[]) => void,
      ) => unknown)
    | undefined
  /** The place of a part of `source`. */
  readonly at: (offset: number, length: number) => Position
  /** Why it cannot be read, in an inventory: rendering it throws these. A variable that nobody reads may hold anything. */
  readonly problems?: readonly Problem[]
  /** Runs the compiled program; only template.ts calls it. */
  readonly run: (
    context: Record<string, unknown>,
    hear: (made: unknown, given: readonly unknown[]) => void,
  ) => string
}

/** A value that a user wrote. Literals are done; templates and expressions wait for a host's variables. */
export type Value = LiteralValue | ListValue | MapValue | Template | Expression

export interface LiteralValue {
  readonly kind: 'literal'
  readonly value: string | number | boolean | null
  /** What stood in the file, for a scalar that is not a string: `0644` for the number 644. */
  readonly source?: string
  /** How the same is written as text, for a number that does not stand in YAML: `"'580.95'"`. */
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
  /** Where the key stands. */
  readonly where: Position
  readonly value: Value
}

/** A variable, and where it was given its value. Its value is rendered when it is read, in the scope of the reader. */
export interface Variable {
  readonly name: string
  readonly value: Value
  /** Where the name stands; for `-e name=value` the file is `-e`. */
  readonly where: Position
}

export type Variables = ReadonlyMap<string, Variable>

export interface Playbook {
  /** As the user gave it. */
  readonly file: string
  readonly directory: string
  readonly plays: readonly Play[]
  /** Names of all variables that something in it reads. */
  readonly reads: ReadonlySet<string>
}

export interface Play {
  /** The name as written, or else the pattern of its hosts. It is part of the identity of its tasks. */
  readonly name: string
  /** The name for people: `displayName` renders it. */
  readonly title: Value
  readonly where: Position
  /** The pattern of `hosts`, and where it stands: patterns are resolved by inventory/pattern.ts. */
  readonly hosts: string
  readonly hostsAt: Position
  /** `node`: a container starts once its own node has finished every earlier play. */
  readonly after: 'node' | undefined
  readonly anyErrorsFatal: boolean
  readonly vars: Variables
  readonly roles: readonly RoleUse[]
  /** In order: `pre_tasks`, `tasks` (the roles' first), `post_tasks`; empty ones are absent. Handlers run at the end of each. */
  readonly sections: readonly Section[]
  /** The roles' handlers, then the play's; of two with one name the later wins. Order here is the order in which they run. */
  readonly handlers: readonly Handler[]
}

export interface Section {
  readonly name: 'pre_tasks' | 'tasks' | 'post_tasks'
  readonly tasks: readonly Task[]
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
  readonly file: string
  readonly schema: Readonly<Record<string, unknown>>
  readonly checks: readonly RoleCheck[]
}

/** What a schema cannot say of a role's variables. */
export interface RoleCheck {
  readonly that: Expression
  readonly message: Value
  readonly hint?: Value
  /** The variable whose place is shown. */
  readonly at?: string
}

/** A role where a play uses it. */
export interface RoleUse {
  readonly role: Role
  readonly where: Position
  /** What the play gives to this use of the role: the `vars` of the entry and its other keys. */
  readonly parameters: Variables
  readonly when: readonly Expression[]
  readonly tags: readonly string[]
}

/** Stable over runs, so that pending handlers can be written down by it. Two tasks alike are told apart by `ordinal` (from 0). */
export interface TaskIdentity {
  /** The playbook's file name without its folders. */
  readonly playbook: string
  readonly play: string
  readonly role: string | undefined
  /** Relative to the role's folder, or to the playbook's. */
  readonly file: string
  readonly name: string
  readonly ordinal: number
}

export interface Task {
  readonly id: TaskIdentity
  /** One string made from `id`. */
  readonly key: string
  readonly where: Position
  /** The name as written; the module's where there is none. It is part of the identity. */
  readonly name: string
  /** The name for people: `displayName` renders it. */
  readonly title: Value
  readonly role: RoleUse | undefined
  /** The folder that relative files of the task are looked for in when there is no role: the playbook's. */
  readonly directory: string
  readonly module: string
  readonly moduleAt: Position
  readonly args: MapValue
  /** All must be true. Those of the role and of the imports come first. */
  readonly when: readonly Expression[]
  readonly loop: Loop | undefined
  readonly register: string | undefined
  readonly notify: readonly Notification[]
  readonly vars: Variables
  readonly tags: readonly string[]
  readonly until: readonly Expression[] | undefined
  /** How often it is tried again while `until` is false. */
  readonly retries: number
  /** Seconds between two tries. */
  readonly delay: number
  readonly become: Become
  readonly environment: ReadonlyMap<string, Value>
  readonly changedWhen: readonly Expression[] | undefined
  readonly failedWhen: readonly Expression[] | undefined
  readonly ignoreErrors: boolean
  readonly noLog: boolean
  /** The exit code of the run should the task fail (3 to 7). */
  readonly exitCode: number | undefined
}

/** A task that runs when it was notified, by its name or by one of the topics it listens to. */
export interface Handler extends Task {
  readonly listen: readonly string[]
}

export interface Loop {
  /** Renders to a list. */
  readonly items: Value
  /** The variable that holds the item: `item` unless told. */
  readonly variable: string
  readonly indexVariable: string | undefined
  readonly label: Value | undefined
  readonly where: Position
}

export interface Notification {
  readonly name: string
  readonly where: Position
}

/** Privilege: undefined means that nobody said, and the host's own variables decide. */
export interface Become {
  readonly enabled: boolean | undefined
  readonly user: Value | undefined
}
