/**
 * The contract of a module: arguments in, a reading of the host, and from both a plan. Nothing that a module is given can change a host.
 */
import type { JSONSchema } from 'json-schema-to-ts'
import type { ExitCode } from '../base/errors.ts'
import type { Host, ProgramHost } from '../host/host.ts'
import type { Plan } from '../host/plan.ts'
import type { ResourcePattern } from '../host/resource.ts'

export type Module<Args = unknown, Seen = unknown> = ReadingModule<Args, Seen> | ProgramModule<Args, Seen>

interface ReadingModule<Args, Seen> extends Definition<Args, Seen> {
  readonly runs?: undefined
  /** Reads the host. Must not change it; is called again after every change. */
  probe(args: Args, host: NarrowHost): Promise<Seen>
}

/** `command` and `shell`: they alone can run a program that a playbook names. */
interface ProgramModule<Args, Seen> extends Definition<Args, Seen> {
  readonly runs: 'what the author of a playbook promised'
  probe(args: Args, host: ProgramHost): Promise<Seen>
}

/** A `Host`. TypeScript lets a method ask for more than declared; this makes a probe that asks for a `ProgramHost`, and does not say so, an error of types. */
export interface NarrowHost extends Host {
  readonly promised?: undefined
}

interface Definition<Args, Seen> {
  /** snake_case, as written in a task. */
  readonly name: string
  /** One sentence for `gpuplay modules`. */
  readonly summary: string
  /** JSON Schema of an object, `as const`; `Args` follows from it by `FromSchema`. Every property has a description; defaults are filled in before `probe`. */
  readonly args: JSONSchema & { readonly type: 'object' }
  /** JSON Schema of what `report` returns: conditions that use a registered result are checked against it. */
  readonly result: JSONSchema & { readonly type: 'object' }
  /** The argument that `module: some text` fills. */
  readonly freeForm?: string
  /**
   * Arguments that name a file on the machine that gpuplay runs on, and the folder of the role (or beside the playbook) in which it is looked for:
   * made absolute before `probe`. A file of `templates` is also rendered with the task's variables, and its text arrives as the argument `content`.
   */
  readonly files?: Readonly<Record<string, 'files' | 'templates'>>
  /**
   * Arguments that may rest on what a dry run cannot know: such a one arrives as `Unknown`, and the module plans with "content known at run".
   * Without this a task with an unknown argument ends as `unknown` before its module is asked.
   */
  readonly mayBeUnknown?: readonly string[]
  /**
   * Arguments that may hold a secret: they reach only standard input, files, and what is hidden from all that is shown. A task with a secret in any other
   * argument is refused: those may end up on a command line, in a URL, or in the name of a file.
   */
  readonly mayBeSecret?: readonly string[]
  /**
   * What a task may change of which a dry run cannot know whether it runs, or with what: unknown to the tasks behind it. Nothing when left out. `args` may
   * hold `Unknown`, or nothing at all.
   */
  mayChange?(args: Readonly<Record<string, unknown>>): readonly ResourcePattern[]
  /** Arguments that are lists of CEL expressions (`that` of `assert`): each arrives as the boolean that it gave. */
  readonly expressions?: readonly string[]
  /** Arguments whose text is a CEL expression (`var` of `debug`): each arrives as the value that it gave. */
  readonly evaluated?: readonly string[]
  /** Changes whenever it runs (`command` without `creates`): the engine carries its plan out once and does not ask for convergence. */
  imperative?(args: Args): boolean
  /** Sets variables of the host from its arguments (`set_fact`). */
  readonly setsFacts?: boolean
  /** Exit code of the run when a task with this module fails and neither task nor role say another. Default 7. */
  readonly exitCode?: ExitCode
  /** Pure and synchronous: what is to be done, from what was asked and what was seen. */
  plan(args: Args, seen: Seen): Plan
  /** What `register` gets, beside `changed`, `failed`, `skipped` which the engine adds. */
  report?(args: Args, seen: Seen, replies: readonly Reply[]): Readonly<Record<string, unknown>>
  /** A sentence to show to the person at the normal level (`debug`). */
  message?(args: Args, seen: Seen): string | undefined
  /** Rows for the table that ends the run, such as the GPUs of a container. */
  row?(args: Args, seen: Seen): SummaryRow | readonly SummaryRow[] | undefined
}

/** What a `run` action answered, in the order of the plan's actions; empty in a dry run and when nothing ran. */
export interface Reply {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A row of a table that is printed when the run ends; rows of the same table are put together over all hosts. */
export interface SummaryRow {
  readonly table: string
  readonly columns: readonly string[]
  readonly cells: readonly string[]
  /** Rows are sorted by this, so that containers come under their node. */
  readonly order: string
  readonly indent?: number
  readonly state: 'ok' | 'problem' | 'pending'
}
