/** Mistakes in `group_by` and `add_host` that the files show: wrong names, and wrong connection variables. */
import type { Problem } from '../base/errors.ts'
import { ansibleNames, hostVariableSchemas } from '../inventory/connection-variables.ts'
import { groupNameOf, inventoryTask, ownArguments } from '../language/inventory-tasks.ts'
import type { Playbook, Task, Value } from '../language/model.ts'
import { SchemaChecker } from '../language/schema.ts'
import { problem } from '../language/source.ts'

/** Templates are checked when the task runs. */
export function inventoryTaskMistakes(playbooks: readonly Playbook[]): readonly Problem[] {
  const schemas = new SchemaChecker()
  return playbooks
    .flatMap(({ plays }) => plays)
    .flatMap(({ sections, handlers }) => [...sections.flatMap(({ tasks }) => tasks), ...handlers])
    .filter((task) => inventoryTask(task) !== undefined)
    .flatMap((task) => [...wrongNames(task), ...wrongSettings(task, schemas)])
}

function wrongNames({ module, args }: Task): readonly Problem[] {
  const named = module === 'group_by' ? ['key', 'parents'] : ['groups']
  const groups = named.flatMap((argument) => textsIn(args.entries.get(argument)?.value))
  const host = module === 'add_host' ? textsIn(args.entries.get('name')?.value) : []
  return [
    ...groups.flatMap(({ text, where }) =>
      /^[A-Za-z_][\w.-]*$/.test(groupNameOf(text))
        ? []
        : [
            problem('invalid-name', `"${groupNameOf(text)}" is not a valid group name`, {
              where,
              hint: 'use letters, digits and underscores',
            }),
          ],
    ),
    ...host.flatMap(({ text, where }) =>
      /^(?:\w|::|\[)[\w.:%\]-]*$/.test(text)
        ? []
        : [
            problem('invalid-name', `"${text}" is not a valid host name`, {
              where,
              hint: 'use letters, digits, dots and dashes',
            }),
          ],
    ),
  ]
}

/** The texts that are written as they are. */
function textsIn(
  value: Value | undefined,
): readonly { readonly text: string; readonly where: Value['where'] }[] {
  if (value?.kind === 'list') return value.items.flatMap(textsIn)
  if (value?.kind !== 'literal' || typeof value.value !== 'string') return []
  return value.value
    .split(',')
    .map((text) => ({ text: text.trim(), where: value.where }))
    .filter(({ text }) => text !== '')
}

function wrongSettings({ module, args }: Task, schemas: SchemaChecker): readonly Problem[] {
  if (module !== 'add_host') return []
  // These are translated, not checked as they are.
  const translated = new Set(['connection', 'become', 'become_method'])
  const twins = Object.entries(ansibleNames).flatMap(([setting, names]) =>
    names.map((name) => [name, setting] as const),
  )
  const ansible = new Map(twins)
  const usesAnsible = [...args.entries.keys()].some((name) => ansible.has(name))
  return [...args.entries].flatMap(([name, { value }]) => {
    const setting = ansible.get(name) ?? (usesAnsible && Object.hasOwn(ansibleNames, name) ? '' : name)
    const schema = hostVariableSchemas[setting]
    if (ownArguments.has(name) || schema === undefined || (setting !== name && translated.has(setting)))
      return []
    const subject = { label: `"${name}"`, where: value.where, code: 'invalid-variable' } as const
    return schemas.checkValue(schema, value, subject)
  })
}
