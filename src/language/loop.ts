/** Reads `loop` and other keywords that name new variables. */
import { defined } from '../base/defined.ts'
import type { JsonSchema } from './declarations.ts'
import { FieldReader } from './fields.ts'
import { loopControls } from './keywords.ts'
import type { Loader } from './loader.ts'
import type { Loop } from './model.ts'
import { didYouMean } from './suggest.ts'
import { newNameProblem } from './values.ts'

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
  const extended = controls?.boolean('extended') ?? false
  return {
    items,
    variable: variableName(loader, controls, 'loop_var') ?? 'item',
    indexVariable: variableName(loader, controls, 'index_var'),
    label: label === undefined ? undefined : loader.values.value(label),
    pause: controls?.seconds('pause') ?? 0,
    extended: extended ? (controls?.boolean('extended_allitems') === false ? 'short' : 'whole') : 'no',
    breakWhen: controls?.conditions('break_when'),
    where: entry.where,
  }
}

/** The variable that describes the loop (`extended`), as in Ansible. */
export const loopDescription = 'ansible_loop'

const number: JsonSchema = { type: 'integer' }
const truth: JsonSchema = { type: 'boolean' }

/** The variables that the items of a loop see, with their types. */
export function namesOfLoop(loop: Loop): readonly (readonly [string, JsonSchema | undefined])[] {
  const names = [loop.variable, loop.indexVariable].filter((name) => name !== undefined)
  const own = names.map((name) => [name, undefined] as const)
  if (loop.extended === 'no') return own
  const properties = {
    index: number,
    index0: number,
    revindex: number,
    revindex0: number,
    first: truth,
    last: truth,
    length: number,
    previtem: {},
    nextitem: {},
    ...defined({ allitems: loop.extended === 'whole' ? { type: 'array' } : undefined }),
  }
  return [...own, [loopDescription, { type: 'object', properties }]]
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
