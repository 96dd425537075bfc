/** The secrets that stand in variables as they were written: known before any host is asked, whether or not a task reads them. */
import {
  hideNamed,
  hideTexts,
  hideWhole,
  isSecretFile,
  isSecretName,
  revealAll,
  type Secret,
} from '../base/secret.ts'
import type { Playbook, Value, Variables } from './model.ts'

/** Of values that wait for other variables nothing is known yet: the scope finds their secrets when it renders them. */
export function bornSecrets(variables: Variables): readonly Secret[] {
  const found: Secret[] = []
  for (const { name, value, where } of variables.values()) {
    const data = literalData(value)
    const hidden = hideVariable({ name, file: where.file }, data)
    revealAll(hidden, (secret) => void found.push(secret))
  }
  return found
}

/** Of plays, their roles and tasks. */
export function playbookSecrets({ plays }: Playbook): readonly Secret[] {
  return plays.flatMap((play) => {
    const tasks = [...play.sections.flatMap((section) => section.tasks), ...play.handlers]
    const roles = play.roles.flatMap(({ role, parameters }) => [role.defaults, role.vars, parameters])
    return [play.vars, ...roles, ...tasks.map((task) => task.vars)].flatMap(bornSecrets)
  })
}

/** The value of a variable, with the secrets in it as such: all of it where its name or its file says so, else what stands under keys that say so. */
export function hideVariable(
  { name, file }: { readonly name: string; readonly file: string },
  value: unknown,
): unknown {
  if (isSecretName(name)) return hideWhole(value)
  return isSecretFile(file) ? hideTexts(hideNamed(value)) : hideNamed(value)
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
      return undefined
  }
}
