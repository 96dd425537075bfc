/** Reads `vars_prompt` of a play. */
import { FieldReader } from './fields.ts'
import type { Loader } from './loader.ts'
import { variableName } from './loop.ts'
import type { Variables } from './model.ts'
import type { Prompt } from './prompt.ts'
import { didYouMean } from './suggest.ts'
import type { YamlMap, YamlNode } from './yaml.ts'

const keys = new Set(['name', 'prompt', 'private', 'confirm', 'default', 'unsafe'])

const hashing =
  'leave it out: a new hash for each run would change the host each time; hash the password once ("openssl passwd -6"), and pass the hash with -e @FILE'

const refused: Readonly<Record<string, string>> = { encrypt: hashing, salt: hashing, salt_size: hashing }

/**
 * Reads the questions of a play.
 * @param vars The variables of the play, of which those from `vars_files` would override an answer
 * @param file The playbook
 */
export function readPrompts(
  loader: Loader,
  fields: FieldReader,
  { vars, file }: { readonly vars: Variables; readonly file: string },
): readonly Prompt[] {
  const prompts: Prompt[] = []
  for (const node of fields.list('vars_prompt')) {
    const found = readPrompt(loader, node)
    if (found === undefined) continue
    const { name, where } = found
    const set = vars.get(name)
    if (prompts.some((other) => other.name === name))
      loader.report('invalid-prompt', `"vars_prompt" asks for "${name}" twice`, {
        where,
        hint: 'remove one of them',
      })
    else if (set !== undefined && set.where.file !== file)
      loader.report('invalid-prompt', `the answer for "${name}" would have no effect: a file sets it`, {
        where,
        hint: `remove "${name}" here or from ${set.where.file}`,
      })
    prompts.push(found)
  }
  return prompts
}

function readPrompt(loader: Loader, node: YamlNode): Prompt | undefined {
  if (node.kind !== 'map') {
    loader.report('invalid-prompt', '"vars_prompt" must be a list of maps', {
      where: node.where,
      hint: 'write "- name: VARIABLE" and "prompt: QUESTION" below it',
    })
    return undefined
  }
  checkKeys(loader, node)
  const fields = new FieldReader(node, loader.values)
  const name = variableName(loader, fields, 'name')
  if (name === undefined) {
    if (fields.entry('name') === undefined)
      loader.report('invalid-prompt', 'this prompt does not name a variable', {
        where: node.where,
        hint: 'add "name: VARIABLE"',
      })
    return undefined
  }
  // Answers are text and never templates.
  fields.boolean('unsafe')
  return {
    name,
    text: fields.text('prompt') ?? name,
    private: fields.boolean('private') ?? true,
    confirm: fields.boolean('confirm') ?? false,
    default: fields.text('default'),
    where: fields.node('name')?.where ?? node.where,
  }
}

function checkKeys(loader: Loader, map: YamlMap): void {
  for (const [key, { where }] of map.entries) {
    if (keys.has(key)) continue
    const reason = Object.hasOwn(refused, key) ? refused[key] : undefined
    if (reason === undefined)
      loader.report('unknown-keyword', `"vars_prompt" has no "${key}"`, {
        where,
        hint: didYouMean(key, keys, `it has ${[...keys].join(', ')}`),
      })
    else
      loader.report('not-supported', `gpuplay does not hash answers, so "${key}" has no meaning`, {
        where,
        hint: reason,
      })
  }
}
