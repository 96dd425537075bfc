/**
 * What a user did wrong, or what a host failed at: everything that a person is meant to read and act on.
 *
 * A broken invariant of our own is a plain `Error`; a failed task is a value (`Outcome`), never an exception.
 */

/** A place in a file that a user wrote. `line` and `column` count from 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Length in characters of what is meant on that line, for the caret; 1 when not known. */
  readonly length?: number
}

export interface Problem {
  /** Stable, kebab-case: `unknown-module`, `host-key-changed`. Never changes its meaning. */
  readonly code: string
  /** What is wrong, one sentence without a final full stop. */
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
  readonly where?: Position
  /** The lines around `where`, with a caret, ready to print. */
  readonly excerpt?: string
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
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Of several failures the lowest code counts; undefined when nothing failed. */
export function lowestFailure(codes: readonly ExitCode[]): ExitCode | undefined {
  const [lowest] = codes.filter((code) => code !== exitCodes.success).sort((left, right) => left - right)
  return lowest
}

/** One or more mistakes in what the user gave (files, arguments, variables): exit code 2, all of them reported. */
export class InputError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('; '))
    this.name = 'InputError'
    this.problems = problems
  }
}

/** A host could not be reached, refused us, or answered nonsense: the host is `unreachable`, exit code 3. */
export class UnreachableError extends Error {
  readonly problem: Problem
  constructor(problem: Problem, cause?: unknown) {
    super(problem.message, cause === undefined ? undefined : { cause })
    this.name = 'UnreachableError'
    this.problem = problem
  }
}

/** A read or an action on a host that is reachable failed: the task fails, and this is what the person reads. */
export class HostError extends Error {
  readonly problem: Problem
  constructor(problem: Problem, cause?: unknown) {
    super(problem.message, cause === undefined ? undefined : { cause })
    this.name = 'HostError'
    this.problem = problem
  }
}
