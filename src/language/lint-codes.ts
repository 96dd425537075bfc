/** The codes of all advice. */
import type { Position, Problem } from '../base/errors.ts'
import { problem } from './source.ts'

export const adviceCodes = [
  'always-changed',
  'command-with-module',
  'handler-not-notified',
  'role-without-arguments',
  'shell-not-needed',
  'undeclared-role-variable',
  'unnamed-play',
  'unnamed-task',
  'unpinned-version',
  'variable-not-read',
  'writable-by-all',
] as const

export type AdviceCode = (typeof adviceCodes)[number]

export function advice(code: AdviceCode, message: string, where: Position, hint: string): Problem {
  return problem(code, message, { where, hint })
}
