/** Reads `loop` and other keywords that name new variables. */
import { FieldReader } from './fields.ts'
import type { Loader } from './loader.ts'
import type { Loop } from './model.ts'
import { didYouMean } from './suggest.ts'
import { newNameProblem } from './values.ts'

const loopControls = new Set(['loop_var', 'index_var', 'label'])

export function readLoop(loader: Loader, fields: FieldReader): Loop | undefined {
  const entry = fields.entry('loop')
  const control = fields.map('loop_control')
  if (entry === undefined) return undefined
  const items = loader.values.value(entry.value)
  if (items.kind === 'literal' || items.kind === 'map') {
    loader.report('invalid-keyword', '"loop" must be a list', {
      where: items.where,
      hint: 'write a list, or a {{variable}} or !cel expression whose value is a list',
    })
  }
  const controls = control === undefined ? undefined : new FieldReader(control, loader.values)
  for (const [key, found] of control?.entries ?? []) {
    if (loopControls.has(key)) continue
    const hint = didYouMean(key, loopControls)
    loader.report('unknown-keyword', `"loop_control" has no "${key}"`, { where: found.where, hint })
  }
  const label = controls?.node('label')
  return {
    items,
    variable: variableName(loader, controls, 'loop_var') ?? 'item',
    indexVariable: variableName(loader, controls, 'index_var'),
    label: label === undefined ? undefined : loader.values.value(label),
    where: entry.where,
  }
}

/** The name that a keyword gives to a new variable; reports names that no variable can have. */
export function variableName(
  loader: Loader,
  fields: FieldReader | undefined,
  keyword: string,
): string | undefined {
  const name = fields?.text(keyword)
  const node = fields?.node(keyword)
  if (name === undefined || node === undefined) return undefined
  const wrong = newNameProblem(name, node.where)
  if (wrong === undefined) return name
  loader.problems.push(wrong)
  return undefined
}
