/**
 * Errors that a person reads and acts on: a user's mistake, or a failure on a host.
 *
 * A broken invariant of our own is a plain `Error`; a failed task is a value (`Outcome`), never an exception.
 */

/** A place in a file that a user wrote. `line` and `column` count from 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Number of characters that the caret marks on that line; 1 if unknown. */
  readonly length?: number
}

/** A change of the file at `where` of a problem that solves it: for `gpuplay lint --fix`. */
export interface Fix {
  /** `text`: a part of a text is replaced; `key`: a key is renamed; `yaml`: a value gets this YAML source. */
  readonly kind: 'text' | 'key' | 'yaml'
  /** The old part of the text, the old key, or the old value. */
  readonly from: string
  readonly to: string
}

export interface Problem {
  /** Stable, kebab-case: `unknown-module`, `host-key-changed`. Never changes its meaning. */
  readonly code: string
  /** The mistake or failure: one sentence without a final full stop. */
  readonly message: string
  /** How to fix it. */
  readonly hint?: string
  readonly where?: Position
  /** The lines around `where`, with a caret, ready to print. */
  readonly excerpt?: string
  /** Only where the hint needs no decision. */
  readonly fix?: Fix
}

/** The exit codes of the command line (README, "Exit codes"). */
export const exitCodes = {
  success: 0,
  internal: 1,
  invalidInput: 2,
  unreachable: 3,
  passthrough: 4,
  installation: 5,
  restart: 6,
  task: 7,
  changesFound: 8,
  drifted: 9,
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Returns the lowest exit code of several failures; undefined if nothing failed. */
export function lowestFailure(codes: readonly ExitCode[]): ExitCode | undefined {
  const [lowest] = codes.filter((code) => code !== exitCodes.success).sort((left, right) => left - right)
  return lowest
}

/** One or more mistakes in the user's input (files, arguments, variables), all reported: exit code 2. */
export class InputError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('; '))
    this.name = 'InputError'
    this.problems = problems
  }
}

/**
 * A host could not be reached, refused the connection, or sent an invalid reply: it is `unreachable`, exit
 * code 3.
 */
export class UnreachableError extends Error {
  readonly problem: Problem
  constructor(problem: Problem, cause?: unknown) {
    super(problem.message, cause === undefined ? undefined : { cause })
    this.name = 'UnreachableError'
    this.problem = problem
  }
}

/** A read or an action failed on a reachable host: the task fails with this problem. */
export class HostError extends Error {
  readonly problem: Problem
  constructor(problem: Problem, cause?: unknown) {
    super(problem.message, cause === undefined ? undefined : { cause })
    this.name = 'HostError'
    this.problem = problem
  }
}
