/**
 * Secrets written literally in variables: known before the run connects to a host, even if no task reads
 * them.
 */
import {
  hideNamed,
  hideTexts,
  hideWhole,
  isSecretFile,
  isSecretName,
  revealAll,
  type Secret,
} from '../base/secret.ts'
import type { Position } from '../base/errors.ts'
import type { Playbook, Value, Variables } from './model.ts'
import { isSealed } from './source.ts'

/**
 * Values that depend on other variables are not known yet; the scope finds their secrets when it renders
 * them.
 */
export function bornSecrets(variables: Variables): readonly Secret[] {
  const found: Secret[] = []
  for (const { name, value, where } of variables.values()) {
    const data = literalData(value)
    const hidden = hideVariable({ name, where }, data)
    revealAll(hidden, (secret) => void found.push(secret))
  }
  return found
}

/** Returns the variables of plays, their roles and tasks. */
export function playbookSecrets({ plays }: Playbook): readonly Secret[] {
  return plays.flatMap((play) => {
    const tasks = [...play.sections.flatMap((section) => section.tasks), ...play.handlers]
    const roles = play.roles.flatMap(({ role, parameters }) => [role.defaults, role.vars, parameters])
    return [play.vars, ...roles, ...tasks.flatMap((task) => [task.vars, task.includes])].flatMap(bornSecrets)
  })
}

/**
 * Returns the value of a variable with its secrets marked: all of it if its name marks it as secret or its file
 * was encrypted, all texts if the name of its file does, otherwise the values under keys that do.
 */
export function hideVariable(
  { name, where }: { readonly name: string; readonly where: Position },
  value: unknown,
): unknown {
  if (isSecretName(name) || isSealed(where, name)) return hideWhole(value)
  return isSecretFile(where.file) ? hideTexts(hideNamed(value)) : hideNamed(value)
}

function literalData(value: Value): unknown {
  switch (value.kind) {
    case 'literal':
      return value.value
    case 'list':
      return value.items.map(literalData)
    case 'map':
      return Object.fromEntries([...value.entries].map(([key, entry]) => [key, literalData(entry.value)]))
    case 'template':
    case 'expression':
    case 'sealed':
      return undefined
  }
}
