/** Checks a role's variables against its `meta/arguments.yml`, for one host, before anything connects. */
import { InputError, type Position, type Problem } from '../base/errors.ts'
import { evaluateCondition } from './expression.ts'
import type { MapEntry, MapValue, RoleArguments, RoleCheck, RoleUse } from './model.ts'
import { renderValue } from './render.ts'
import type { SchemaChecker } from './schema.ts'
import type { VariableScope } from './scope.ts'
import { problem } from './source.ts'

/**
 * Returns the problems of the role's variables on a host, at the positions where they were set. `scope` must
 * contain the role's own layers (`roleLayers`); values that depend on facts or results are `Unknown` and
 * pass.
 */
export function checkRoleArguments(
  use: RoleUse,
  scope: VariableScope,
  options: { readonly host: string; readonly schemas: SchemaChecker },
): readonly Problem[] {
  const { role } = use
  if (role.arguments === undefined || isLeftOut(use, scope)) return []
  const { schema } = role.arguments
  const properties = schema['properties']
  if (typeof properties !== 'object' || properties === null) return []
  const problems: Problem[] = []
  const data: Record<string, unknown> = {}
  const entries = new Map<string, MapEntry>()
  for (const name of Object.keys(properties)) {
    const origin = scope.origin(name)
    if (origin === undefined) continue
    if (origin.variable !== undefined) entries.set(name, origin.variable)
    try {
      data[name] = scope.get(name)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      problems.push(...error.problems)
    }
  }
  const missing = requiredNames(schema).filter((name) => scope.origin(name) === undefined)
  // If a default uses a missing variable, report only the missing variable.
  const others = problems.filter(({ message }) => !missing.some((name) => message.includes(`"${name}"`)))
  if (others.length > 0) return others
  const value: MapValue = { kind: 'map', entries, where: use.where }
  const label = `the role "${role.name}"`
  const found = options.schemas.complete(schema, data, {
    value,
    subject: { label, where: use.where, code: 'invalid-role-argument' },
  })
  // A wrong variable has a position; a missing one has none, so the message names the host.
  const wrong = found.problems.map((mistake) =>
    mistake.where === use.where
      ? problem(mistake.code, `${mistake.message} on ${options.host}`, {
          where: mistake.where,
          hint: mistake.hint,
        })
      : mistake,
  )
  if (wrong.length > 0) return wrong
  return role.arguments.checks.flatMap((check) => {
    const at = check.at === undefined ? undefined : entries.get(check.at)?.value.where
    return runCheck(check, scope, at ?? use.where)
  })
}

function requiredNames(schema: RoleArguments['schema']): readonly string[] {
  const names = schema['required']
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
}

/** Whether the role is known to be skipped on the host; the condition's own check reports its mistakes. */
function isLeftOut({ when }: RoleUse, scope: VariableScope): boolean {
  try {
    return evaluateCondition(when, scope) === false
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return false
  }
}

/** A check that depends on an unknown value or an unset variable passes. */
function runCheck(
  { that, message, hint }: RoleCheck,
  scope: VariableScope,
  where: Position,
): readonly Problem[] {
  try {
    if (evaluateCondition([that], scope) !== false) return []
    const text = renderValue(message, scope)
    const advice = hint === undefined ? undefined : renderValue(hint, scope)
    return [
      problem(
        'invalid-role-argument',
        typeof text === 'string' ? text : `this check failed: ${that.source}`,
        {
          where,
          hint: typeof advice === 'string' ? advice : undefined,
        },
      ),
    ]
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return error.problems.filter(({ code }) => code !== 'undefined-variable')
  }
}
