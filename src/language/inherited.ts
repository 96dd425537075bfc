/** The keywords that a task inherits from its play, its role use and its imports. */
import type { FieldReader } from './fields.ts'
import type { Become, Expression, Value, Variable } from './model.ts'
import type { ValueReader } from './values.ts'

export interface Inherited {
  readonly when: readonly Expression[]
  readonly tags: readonly string[]
  readonly become: Become
  readonly environment: ReadonlyMap<string, Value>
  readonly vars: ReadonlyMap<string, Variable>
  readonly ignoreErrors: boolean
  readonly anyErrorsFatal: boolean
  readonly noLog: boolean
  readonly exitCode: number | undefined
}

export const nothingInherited: Inherited = {
  when: [],
  tags: [],
  become: { enabled: undefined, user: undefined },
  environment: new Map(),
  vars: new Map(),
  ignoreErrors: false,
  anyErrorsFatal: false,
  noLog: false,
  exitCode: undefined,
}

/**
 * Merges the common keywords of a map with the inherited ones. Tags and conditions accumulate, maps are
 * merged, the rest is replaced. The caller handles `vars`, whose meaning differs.
 */
export function inherit(fields: FieldReader, outer: Inherited, values: ValueReader): Inherited {
  const environment = fields.map('environment')
  const own = [...(environment?.entries ?? [])].map(([name, entry]): [string, Value] => [
    name,
    values.value(entry.value),
  ])
  const user = fields.node('become_user')
  // sudo is the only method; reports any other.
  fields.choice('become_method', ['sudo'])
  const tags = fields.words('tags', { split: true }).map((tag) => tag.text)
  return {
    when: [...outer.when, ...(fields.conditions('when') ?? [])],
    tags: [...new Set([...outer.tags, ...tags])],
    become: {
      enabled: fields.boolean('become') ?? outer.become.enabled,
      user: user === undefined ? outer.become.user : values.value(user),
    },
    environment: new Map([...outer.environment, ...own]),
    vars: outer.vars,
    ignoreErrors: fields.boolean('ignore_errors') ?? outer.ignoreErrors,
    anyErrorsFatal: fields.boolean('any_errors_fatal') ?? outer.anyErrorsFatal,
    noLog: fields.boolean('no_log') ?? outer.noLog,
    exitCode: fields.integer('exit_code', 3, 7) ?? outer.exitCode,
  }
}
