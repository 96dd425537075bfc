/**
 * A query is a reading of a host as data: a kind with one script for many items of it and one parser for the answers.
 * Scripts are POSIX sh over coreutils; they print nothing that a locale could translate (`LC_ALL=C.UTF-8`, set by the frame).
 */
import type { Problem } from '../../base/errors.ts'
import type { ShellText } from '../../base/shell.ts'
import { given } from '../../base/given.ts'
import type { ShellHelper } from '../../connection/connection.ts'

export interface QueryKind<Item, Answer> {
  readonly kind: string
  /** How many items one run of the script takes; 1 where every item needs its own exit status. */
  readonly mergeLimit: number
  /** Whether an item may share a run of the script with others; all may when not given. */
  merges?(item: Item): boolean
  /** Bytes that one answer may have, for the size of frames. */
  readonly answerBytes: number
  /** Bytes that one answer has among many; `answerBytes` when not given. What is longer after all is asked again alone. */
  readonly usualBytes?: number
  /** Functions that the script calls. */
  readonly helpers?: readonly ShellHelper[]
  /** The script only calls programs and functions, and leaves its shell as it was: it needs no subshell of its own, which would be a process. */
  readonly plain?: boolean
  /** Whether what is run for the item may leave something running that holds its output; none does when not given. */
  mayLeave?(item: Item): boolean
  /** Milliseconds that one run of the script may take. */
  timeout(items: readonly Item[]): number
  script(items: readonly Item[]): ShellText
  /** One answer per item, in order; `alone`: ask again with a script of its own (never for a single item). Whatever it throws is the host's fault. */
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

/** @param message May end in a colon where a program gave no reason. */
export function readFailed(message: string, hint?: string): Settled<never> {
  return {
    ok: false,
    problem: { code: 'read-failed', message: message.replace(/[:\s]+$/, ''), ...given({ hint }) },
  }
}

/** A parser did not understand an answer. `what` names the question. */
export function senselessAnswer(what: string, error: unknown, host: string): Problem {
  const why = error instanceof Error ? error.message : String(error)
  return {
    code: 'senseless-answer',
    message: `invalid answer from ${host} (${what}): ${why}`,
    hint: 'another program may have replaced it on the host: check the PATH of root',
  }
}

/** What to do when the host's programs lack what its scripts need; nothing where that is not why. */
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

/** Milliseconds for what only looks at the local machine. */
export const localTimeout = 30_000

/** The last line of what a program said on stderr, for a sentence. */
export function lastLine(output: Buffer | string): string {
  const lines = output
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.at(-1) ?? ''
}

/**
 * Sorts out which of many paths a coreutils program had nothing for because they do not exist, and which it could not read.
 * Its messages name the path, quoted or not, and end in the text of errno (C locale). Says `absent`, or what the program said.
 */
export function whyMissing(path: string, stderr: string): string {
  const complaints = stderr
    .split('\n')
    .filter((line) => line !== '' && !/: (No such file or directory|Not a directory)$/.test(line))
  // Of what is absent a program says so; a program that says nothing at all is not the one that was asked for.
  if (complaints.length === 0) return stderr.trim() === '' ? 'the host reported nothing about it' : 'absent'
  const mine = complaints.find((line) => line.includes(`${path}'`) || line.includes(` ${path}:`))
  if (mine !== undefined) return mine
  // Names that the program quotes differently cannot be told apart: say what was said rather than that nothing is there.
  return stderr.split('\n').some((line) => line.includes(path)) ? 'absent' : (complaints[0] ?? 'absent')
}
