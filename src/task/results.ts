/** Values of registered variables. */
import { chomp } from '../base/chomp.ts'
import { defined, mapped } from '../base/defined.ts'
import type { Problem } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { Unknown, UnknownError } from '../base/unknown.ts'
import type { Module } from '../modules/module.ts'
import type { Converged } from './unit.ts'
import type { Outcome } from '../events/events.ts'

export type Result = Readonly<Record<string, unknown>>

/** Returns the result of one attempt, before `changed_when` and `failed_when` apply. */
export function resultOf(module: Module, args: unknown, converged: Converged): Result {
  switch (converged.kind) {
    case 'ok':
    case 'changed': {
      const base = { changed: converged.kind === 'changed', failed: false, skipped: false, msg: '' }
      if (converged.seenWhy !== undefined) return { ...unknownFields(module, converged.seenWhy), ...base }
      return { ...reported(module, args, converged), ...base }
    }
    case 'unknown':
      return unknownResult(module, converged.why)
    case 'failed': {
      const [reply] = converged.replies.slice(-1)
      const seen = converged.seen === undefined ? {} : reported(module, args, converged)
      return {
        ...defined({
          rc: reply?.code,
          stdout: mapped(reply?.stdout, chomp),
          stderr: mapped(reply?.stderr, chomp),
        }),
        ...seen,
        changed: converged.changed,
        failed: true,
        skipped: false,
        msg: converged.failure.problem.message,
      }
    }
    case 'unreachable':
      return unreachableResult(converged.problem)
  }
}

/** Returns the fields that the module reports. If a dry run cannot know one of them, all are unknown. */
function reported(
  module: Module,
  args: unknown,
  { seen, replies }: Extract<Converged, { kind: 'ok' | 'changed' | 'failed' }>,
): Result | undefined {
  try {
    return module.report?.(args, seen, replies)
  } catch (error) {
    if (!(error instanceof UnknownError)) throw error
    return unknownFields(module, error.message)
  }
}

/** Returns the result of a task that a dry run cannot decide: every field is unknown. */
export function unknownResult(module: Module, why: string): Result {
  const unknown = new Unknown(why)
  return { ...unknownFields(module, why), changed: unknown, failed: unknown, skipped: unknown }
}

export function unreachableResult({ message }: Problem): Result {
  return { changed: false, failed: true, skipped: false, unreachable: true, msg: message }
}

export function skippedResult(why: string): Result {
  return { changed: false, failed: false, skipped: true, msg: why }
}

/** Returns the result of a loop: `results` in order, and the worst of all items. */
export function loopResult(results: readonly Result[]): Result {
  const any = (field: 'changed' | 'failed'): unknown => {
    const values = results.map((result) => result[field])
    return values.find((value) => value === true) ?? values.find((value) => value instanceof Unknown) ?? false
  }
  return {
    results,
    changed: any('changed'),
    failed: any('failed'),
    skipped: results.length > 0 && results.every((result) => result['skipped'] === true),
    msg:
      results
        .map((result) => result['msg'])
        .find((message) => typeof message === 'string' && message !== '') ?? '',
  }
}

/** Returns the outcome of a loop: the worst of its items. */
export function worstOutcome(outcomes: readonly Outcome[]): Outcome {
  const order: readonly Outcome[] = ['unreachable', 'failed', 'changed', 'unknown', 'ok']
  return order.find((outcome) => outcomes.includes(outcome)) ?? 'skipped'
}

function unknownFields(module: Module, why: string): Record<string, unknown> {
  const { result } = module
  const properties = 'properties' in result && typeof result.properties === 'object' ? result.properties : {}
  return Object.fromEntries(Object.keys(properties).map((name) => [name, new Unknown(why)]))
}

/** Returns the result of a `no_log` task for later tasks: its texts become secrets, except absolute paths. */
export function hiddenResult(result: Result): Result {
  return Object.fromEntries(Object.entries(result).map(([name, value]) => [name, hiddenText(value)]))
}

function hiddenText(value: unknown): unknown {
  if (typeof value === 'string') return value === '' || value.startsWith('/') ? value : new Secret(value)
  if (Array.isArray(value)) return value.map(hiddenText)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, hiddenText(part)]))
}

/**
 * Returns printed texts of such a result that are redacted wherever they appear. Texts of several lines are
 * left out, because a line like "enabled" would be found everywhere. They become known secrets when a task
 * uses them.
 */
export function printedSecrets({ stdout, stderr, results }: Result): readonly Secret[] {
  const own = [stdout, stderr].flatMap((value) =>
    value instanceof Secret && !value.reveal().includes('\n') ? [value] : [],
  )
  const items: readonly unknown[] = Array.isArray(results) ? results : []
  return [...own, ...items.flatMap((item) => (isResult(item) ? printedSecrets(item) : []))]
}

function isResult(value: unknown): value is Result {
  return typeof value === 'object' && value !== null
}
