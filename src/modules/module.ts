/**
 * The contract of a module: it gets arguments, reads the host, and returns a plan. A module has no way to
 * change a host.
 */
import type { JSONSchema } from 'json-schema-to-ts'
import type { ExitCode } from '../base/errors.ts'
import type { Host, ProgramHost } from '../host/host.ts'
import type { Finding, Plan } from '../host/plan.ts'
import type { ResourcePattern } from '../host/resource.ts'

export type Module<Args = unknown, Seen = unknown> = ReadingModule<Args, Seen> | ProgramModule<Args, Seen>

interface ReadingModule<Args, Seen> extends Definition<Args, Seen> {
  readonly runs?: undefined
  /** Reads the host. Must not change it. Called again after every change. */
  probe(args: Args, host: NarrowHost): Promise<Seen>
}

/** For `command` and `shell` only: they can run programs named in a playbook. */
interface ProgramModule<Args, Seen> extends Definition<Args, Seen> {
  readonly runs: 'what the author of a playbook promised'
  probe(args: Args, host: ProgramHost): Promise<Seen>
}

/**
 * A `Host`. TypeScript allows a method with a narrower parameter; this makes a probe that takes a
 * `ProgramHost` without `runs` a type error.
 */
export interface NarrowHost extends Host {
  readonly promised?: undefined
}

interface Definition<Args, Seen> {
  /** snake_case, as written in a task. */
  readonly name: string
  /** One sentence for `gpuplay modules`. */
  readonly summary: string
  /**
   * JSON Schema of an object, `as const`; `Args` follows from it by `FromSchema`. Every property has a
   * description; defaults are filled in before `probe`.
   */
  readonly args: JSONSchema & { readonly type: 'object' }
  /** JSON Schema of what `report` returns: conditions that use a registered result are checked against it. */
  readonly result: JSONSchema & { readonly type: 'object' }
  /** The argument that `module: some text` fills. */
  readonly freeForm?: string
  /**
   * Arguments that name a file on the controller, and the folder (of the role, or next to the playbook) in
   * which it is searched: made absolute before `probe`. A file of `templates` is also rendered with the
   * task's variables, and its text arrives as the argument `content`.
   */
  readonly files?: Readonly<Record<string, 'files' | 'templates'>>
  /**
   * Arguments that name a path on the controller to write: made absolute, seen from the playbook, before
   * `probe`.
   */
  readonly saves?: readonly string[]
  /**
   * Arguments that a dry run may not know: they arrive as `Unknown`, and the module plans with "content known
   * at run". Without this, a task with an unknown argument ends as `unknown` before its module runs.
   */
  readonly mayBeUnknown?: readonly string[]
  /**
   * Arguments that may contain a secret: they reach only standard input, files and hidden values. A task with
   * a secret in any other argument is refused, since it could appear on a command line, in a URL or in a file
   * name.
   */
  readonly mayBeSecret?: readonly string[]
  /**
   * Resources that a task may change if a dry run cannot know whether it runs, or with which arguments:
   * unknown to later tasks. Default: none. `args` may contain `Unknown`, or be undefined.
   */
  mayChange?(args: Readonly<Record<string, unknown>>): readonly ResourcePattern[]
  /**
   * Arguments that are lists of CEL expressions (`that` of `assert`): each arrives as the boolean that it
   * gave.
   */
  readonly expressions?: readonly string[]
  /** Arguments whose text is a CEL expression (`var` of `debug`): each arrives as the value that it gave. */
  readonly evaluated?: readonly string[]
  /**
   * Changes the host in every run (`command` without `creates`): the engine applies its plan once and does
   * not check convergence.
   */
  imperative?(args: Args): boolean
  /** Sets variables of the host from its arguments (`set_fact`). */
  readonly setsFacts?: boolean
  /** Sets variables of the host from files on the controller (`include_vars`). The engine reads them. */
  readonly includesVariables?: boolean
  /** Its failure is a verdict on the host, which stays as usable as it is: containers of a failed node go on. */
  readonly verifies?: boolean
  /** Exit code of the run if a task with this module fails and neither task nor role sets one. Default 7. */
  readonly exitCode?: ExitCode
  /**
   * The plan while the host cannot be reached, which waits for it (`wait_for_connection`). Without this, the task
   * ends as unreachable. In a play, work on the host that precedes its tasks comes after such a task.
   */
  whileUnreachable?(args: Args): Plan
  /** Returns the actions for the arguments and the observed state. Pure and synchronous. */
  plan(args: Args, seen: Seen): Plan
  /** The result for `register`; the engine adds `changed`, `failed` and `skipped`. */
  report?(args: Args, seen: Seen, replies: readonly Reply[]): Readonly<Record<string, unknown>>
  /** A sentence to print at the normal level (`debug`). */
  message?(args: Args, seen: Seen): string | undefined
  /** Rows of the final table, such as the GPUs of a container. */
  row?(args: Args, seen: Seen): SummaryRow | readonly SummaryRow[] | undefined
}

/** The answers of `run` actions, in the plan's order; empty in a dry run and if nothing ran. */
export interface Reply {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A row of a table that is printed at the end of the run; rows of all hosts are collected in one table. */
export interface SummaryRow {
  readonly table: string
  readonly columns: readonly string[]
  readonly cells: readonly string[]
  /** Sort key: lists containers under their node. */
  readonly order: string
  readonly indent?: number
  readonly state: 'ok' | 'problem' | 'pending'
  /** What the row's state means, printed once below the table. */
  readonly note?: string
  /** Why the state is not `ok`, and what to do. */
  readonly findings?: readonly Finding[]
  /** The same for programs. */
  readonly data?: Readonly<Record<string, unknown>>
  /** Columns that a narrow terminal leaves out, in this order. */
  readonly dispensable?: readonly string[]
}
