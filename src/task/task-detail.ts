/** Details of finished tasks, for events. */
import { defined } from '../base/defined.ts'
import type { Module } from '../modules/module.ts'
import { shownLabels } from './secret-files.ts'
import type { Converged } from './unit.ts'
import type { Outcome, ProgramEnd, TaskDetail } from '../events/events.ts'
import type { Result } from './results.ts'

/**
 * Returns the details of an item. If its arguments contain a secret, shows only how it ended and the files
 * that it creates with a mode of gpuplay's choice.
 */
export function detailOf(
  module: Module,
  prepared: { readonly args: unknown; readonly secret: boolean },
  converged: Converged,
  outcome: Outcome,
): TaskDetail {
  if (prepared.secret) {
    if (converged.kind === 'failed') return { problem: converged.failure.problem }
    if (converged.kind === 'unreachable') return { problem: converged.problem }
    const actions = shownLabels(converged.labels)
    return {
      why: 'hidden: its arguments contain a secret',
      ...defined({ actions: actions.length > 0 ? actions : undefined }),
    }
  }
  const detail: TaskDetail = {
    ...defined({
      actions: converged.labels.length > 0 ? converged.labels : undefined,
      diffs: converged.diffs.length > 0 ? converged.diffs : undefined,
    }),
  }
  switch (converged.kind) {
    case 'ok':
    case 'changed': {
      const known = converged.seenWhy === undefined
      const message = known ? module.message?.(prepared.args, converged.seen) : undefined
      return {
        ...detail,
        ...defined({ message, why: converged.seenWhy }),
      }
    }
    case 'unknown':
      return { ...detail, why: converged.why }
    case 'failed':
      return outcome === 'failed'
        ? { ...detail, problem: converged.failure.problem, findings: converged.failure.findings }
        : detail
    case 'unreachable':
      return { ...detail, problem: converged.problem }
  }
}

/** Characters of an output that events carry: a program may print megabytes. */
const outputLimit = 16_384

/** Returns how the program of a command ended, from the fields that modules such as `command` report. */
export function programEnd({ rc, stdout, stderr }: Result): ProgramEnd | undefined {
  if (typeof rc !== 'number' || typeof stdout !== 'string' || typeof stderr !== 'string') return undefined
  return { rc, stdout: lastLines(stdout), stderr: lastLines(stderr) }
}

function lastLines(text: string): string {
  if (text.length <= outputLimit) return text
  // Only whole lines: a part of a secret would not be recognised.
  const [, end = ''] = /^[^\n]*(\n[^]*)?$/.exec(text.slice(-outputLimit)) ?? []
  return `\u2026${end}`
}

/** Under `no_log`, reports only that the task failed, because the message may quote a secret. */
export function hidden(detail: TaskDetail): TaskDetail {
  if (detail.problem === undefined) return { why: 'hidden by no_log' }
  return { problem: { code: detail.problem.code, message: 'failed; the reason is hidden by no_log' } }
}
