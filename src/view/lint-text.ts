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
  /** With `--fix`: the number of mistakes and files. */
  readonly fixed?: number
  readonly fixedFiles?: number
  /** The files are unchanged. */
  readonly preview?: boolean
}

/** @param base A folder. Files below it are shown relative to it. */
export function lintText(
  { problems, advice, playbooks, roles, fixed, fixedFiles = 0, preview = false }: LintResult,
  colors: Colors,
  base: string,
): string {
  const checked = `checked ${counted(playbooks, 'playbook')} and ${counted(roles, 'role')}`
  const verb = preview ? 'would fix' : 'fixed'
  const changed =
    fixed === undefined ? '' : `${verb} ${counted(fixed, 'mistake')} in ${counted(fixedFiles, 'file')}; `
  const found =
    problems.length + advice.length === 0
      ? 'nothing found'
      : `${counted(problems.length, 'mistake')}, ${counted(advice.length, 'piece')} of advice`
  return [
    ...problems.map((problem) => `${problemText(problem, colors, base)}\n`),
    ...advice.map((one) => `${problemText(one, colors, base, colors.yellow(`advice[${one.code}]`))}\n`),
    `${changed}${found}; ${checked}`,
  ].join('\n')
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
