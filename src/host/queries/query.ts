/**
 * A query reads something from a host as data. A kind has one script for many items and one parser for the
 * answers. Scripts are POSIX sh with coreutils; their output does not depend on the locale (`LC_ALL=C.UTF-8`,
 * set by the frame).
 */
import type { Problem } from '../../base/errors.ts'
import type { ShellText } from '../../base/shell.ts'
import { defined } from '../../base/defined.ts'
import type { ShellHelper } from '../../connection/connection.ts'

export interface QueryKind<Item, Answer> {
  readonly kind: string
  /** The number of items that one run of the script takes; 1 if every item needs its own exit status. */
  readonly mergeLimit: number
  /** Whether an item can share a run of the script with others. Default: all can. */
  merges?(item: Item): boolean
  /** The maximum size of one answer in bytes, for the size of frames. */
  readonly answerBytes: number
  /**
   * The usual size of one answer among many, in bytes; default `answerBytes`. A longer answer is read again
   * alone.
   */
  readonly usualBytes?: number
  /** Functions that the script calls. */
  readonly helpers?: readonly ShellHelper[]
  /**
   * The script only calls programs and functions, and leaves its shell unchanged. It needs no subshell, which
   * would be a process.
   */
  readonly plain?: boolean
  /** Whether the item may leave a process that holds the output. Default: none does. */
  mayLeave?(item: Item): boolean
  /** The time limit of one run of the script, in milliseconds. */
  timeout(items: readonly Item[]): number
  script(items: readonly Item[]): ShellText
  /**
   * One answer per item, in order. `alone`: read the item again with its own script (never for a single
   * item). Anything that this throws counts as the host's failure.
   */
  parse(output: SectionOutput, items: readonly Item[]): readonly (Settled<Answer> | 'alone')[]
}

export interface SectionOutput {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly code: number
}

export type Settled<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem }

export function found<T>(value: T): Settled<T> {
  return { ok: true, value }
}

/** @param message may end in a colon if the program gave no reason */
export function readFailed(message: string, hint?: string): Settled<never> {
  return {
    ok: false,
    problem: { code: 'read-failed', message: message.replace(/[:\s]+$/, ''), ...defined({ hint }) },
  }
}

/** The problem of an answer that a parser rejected. `what` names the question. */
export function senselessAnswer(what: string, error: unknown, host: string): Problem {
  const why = error instanceof Error ? error.message : String(error)
  return {
    code: 'senseless-answer',
    message: `invalid answer from ${host} (${what}): ${why}`,
    hint: 'another program may have replaced it on the host: check the PATH of root',
  }
}

/**
 * The hint if the host's programs lack features that gpuplay's scripts need; undefined for other failures.
 */
export function coreutilsHint(code: number, stderr: string): string | undefined {
  return code === 127 || /(?:unrecognized|invalid|unknown) option|BusyBox/.test(stderr)
    ? 'install GNU coreutils on the host: busybox lacks options that gpuplay uses'
    : undefined
}

/** A whole number in decimal digits, as programs print sizes and ids; undefined for anything else. */
export function count(text: string | undefined): number | undefined {
  const number = text !== undefined && /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? number : undefined
}

/** The time limit of a query about the local machine, in milliseconds. */
export const localTimeout = 30_000

/** The last line of a program's stderr, for a message. */
export function lastLine(output: Buffer | string): string {
  const lines = output
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.at(-1) ?? ''
}

/**
 * Decides whether a path that a coreutils program skipped does not exist or cannot be read. The program's
 * messages name the path, quoted or not, and end in the text of errno (C locale). Returns `absent`, or the
 * program's message.
 */
export function whyMissing(path: string, stderr: string): string {
  const complaints = stderr
    .split('\n')
    .filter((line) => line !== '' && !/: (No such file or directory|Not a directory)$/.test(line))
  // A program reports absent paths. One that reports nothing at all is not the expected program.
  if (complaints.length === 0) return stderr.trim() === '' ? 'the host reported nothing about it' : 'absent'
  const mine = complaints.find((line) => line.includes(`${path}'`) || line.includes(` ${path}:`))
  if (mine !== undefined) return mine
  // Names with other quoting cannot be matched: return the message rather than claim that nothing is there.
  return stderr.split('\n').some((line) => line.includes(path)) ? 'absent' : (complaints[0] ?? 'absent')
}
