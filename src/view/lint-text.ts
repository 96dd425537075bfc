/** What `gpuplay lint` prints: mistakes, advice, and their number. */
import type { Problem } from '../base/errors.ts'
import type { Colors } from './colors.ts'
import { problemText } from './text.ts'

export interface LintResult {
  readonly problems: readonly Problem[]
  readonly advice: readonly Problem[]
  /** The numbers of playbooks and roles that were checked. */
  readonly playbooks: number
  readonly roles: number
}

/** @param base A folder. Files below it are shown relative to it. */
export function lintText(
  { problems, advice, playbooks, roles }: LintResult,
  colors: Colors,
  base: string,
): string {
  const checked = `checked ${counted(playbooks, 'playbook')} and ${counted(roles, 'role')}`
  const found =
    problems.length + advice.length === 0
      ? 'nothing found'
      : `${counted(problems.length, 'mistake')}, ${counted(advice.length, 'piece')} of advice`
  return [
    ...problems.map((problem) => `${problemText(problem, colors, base)}\n`),
    ...advice.map((one) => `${problemText(one, colors, base, colors.yellow(`advice[${one.code}]`))}\n`),
    `${found}; ${checked}`,
  ].join('\n')
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
