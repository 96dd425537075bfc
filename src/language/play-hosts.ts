/** The hosts of a play: patterns, or templates that become patterns before the run connects to a host. */
import { InputError, type Problem } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { findUnknown } from '../base/unknown.ts'
import type { Scope } from './evaluation.ts'
import { type FieldReader, isNothing } from './fields.ts'
import type { Loader } from './loader.ts'
import type { PlayHosts } from './model.ts'
import { renderValue } from './render.ts'
import { problem } from './source.ts'

/** Reads `hosts`, and reports a play without hosts. As a pattern, an empty text would mean all hosts. */
export function readHosts(loader: Loader, fields: FieldReader): PlayHosts {
  const node = fields.node('hosts')
  const where = node?.where ?? fields.where
  const before = loader.problems.length
  const values = fields.texts('hosts')
  const written = values
    .map((value) => (value.kind === 'literal' ? String(value.value) : 'source' in value ? value.source : ''))
    .join(',')
  if (node === undefined || isNothing(node))
    loader.report('no-hosts', 'this play has no "hosts"', { where, hint: 'add "hosts: all", or a group' })
  else if (loader.problems.length === before && namesNothing(written)) loader.problems.push(noHosts(where))
  return { written, values, where }
}

/**
 * Returns the pattern of a play; undefined if it depends on an answer that nobody has given yet (`vars_prompt`).
 * @param scope `-e` and the variables of the play. Nothing else is known before the hosts are.
 */
export function hostsPattern(
  { written, values, where }: PlayHosts,
  scope: Scope,
): { readonly pattern: string | undefined; readonly problems: readonly Problem[] } {
  if (values.every(({ kind }) => kind === 'literal')) return { pattern: written, problems: [] }
  try {
    const rendered = values.flatMap((value): unknown => renderValue(value, scope))
    if (findUnknown(rendered)) return { pattern: undefined, problems: [] }
    const wrong = rendered.find((part) => typeof part !== 'string')
    if (wrong !== undefined) return { pattern: '', problems: [notText(wrong, where)] }
    const pattern = rendered.join(',')
    return { pattern, problems: namesNothing(pattern) ? [noHosts(where)] : [] }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { pattern: '', problems: error.problems.map(withCommandLine) }
  }
}

function noHosts(where: PlayHosts['where']): Problem {
  return problem('no-hosts', '"hosts" names no hosts', {
    where,
    hint: 'name hosts or groups; "all" means every host',
  })
}

function notText(value: unknown, where: PlayHosts['where']): Problem {
  const found =
    value instanceof Secret ? 'a secret' : Array.isArray(value) ? 'a list of lists' : JSON.stringify(value)
  return problem('no-hosts', `"hosts" must become text or a list of texts, not ${found}`, {
    where,
    hint: 'write names of hosts or groups',
  })
}

/** Whether a pattern consists of separators. */
function namesNothing(pattern: string): boolean {
  return !/[^\s,:]/.test(pattern)
}

function withCommandLine(found: Problem): Problem {
  const name = /^"(\w+)" is not defined$/.exec(found.message)?.[1]
  if (found.code !== 'undefined-variable' || name === undefined) return found
  return {
    ...found,
    hint: `pass it with -e ${name}=HOSTS; "hosts" sees only -e and the variables of the play`,
  }
}
