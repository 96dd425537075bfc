/** Checks a role's variables against its `meta/arguments.yml`, for one host, before anything connects. */
import { InputError, type Problem } from '../base/errors.ts'
import { type MapEntry, type MapValue, type RoleUse } from './model.ts'
import { type SchemaChecker } from './schema.ts'
import { type VariableScope } from './scope.ts'
import { problem } from './source.ts'

/**
 * What is wrong with the role's variables as the host has them, at the places where they were set. `scope` must hold the role's
 * own layers (`roleLayers`); what rests on facts or results is `Unknown` in it and passes.
 */
export function checkRoleArguments(
  use: RoleUse,
  scope: VariableScope,
  options: { readonly host: string; readonly schemas: SchemaChecker },
): readonly Problem[] {
  const { role } = use
  if (role.arguments === undefined) return []
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
  if (problems.length > 0) return problems
  const value: MapValue = { kind: 'map', entries, where: use.where }
  const label = `the role "${role.name}"`
  const found = options.schemas.complete(schema, data, {
    value,
    subject: { label, where: use.where, code: 'invalid-role-argument' },
  })
  // A variable that is wrong is wrong at its place; one that is missing has none, so the host is named.
  return found.problems.map((wrong) =>
    wrong.where === use.where
      ? problem(wrong.code, `${wrong.message} on ${options.host}`, { where: wrong.where, hint: wrong.hint })
      : wrong,
  )
}
