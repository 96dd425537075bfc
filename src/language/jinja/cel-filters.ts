/** Filters and tests of Jinja in CEL. */
import { binding, type Cel, quoted, type ToCel, whole } from './cel-text.ts'
import { type SharedCall, sharedFilter } from './shared-filters.ts'
import { argumentOf, type JinjaNode } from './tree.ts'

type Filter = Extract<JinjaNode, { readonly kind: 'filter' }>
type Test = Extract<JinjaNode, { readonly kind: 'test' }>

/** Methods and functions that take only the value. */
const simple: Readonly<Record<string, (value: string) => string>> = {
  length: (value) => `${value}.size()`,
  count: (value) => `${value}.size()`,
  int: (value) => `int(${value})`,
  float: (value) => `double(${value})`,
  string: (value) => `string(${value})`,
  first: (value) => `${value}[0]`,
  last: (value) => `${value}.last()`,
}

/** Filters that have no effect in CEL. */
const needless = new Set(['bool', 'list', 'mandatory', 'safe'])

/** Returns `undefined` if CEL has no equivalent. */
export function filterInCel(filter: Filter, to: ToCel): Cel | undefined {
  const { text: toCel, tight } = to
  const { name, of, args } = filter
  if (needless.has(name)) return { text: tight(of, 0), binding: bindingOf(of) }
  const shared = sharedFilter(filter)
  if (shared !== undefined) return whole(sharedInCel(shared, to))
  const value = tight(of, binding.postfix)
  const make = Object.hasOwn(simple, name) ? simple[name] : undefined
  if (make !== undefined) return whole(make(value))
  const first = argumentOf(args, 0)
  const second = argumentOf(args, 1)
  switch (name) {
    case 'default':
    case 'd':
      return defaulted({ of, first, second }, to)
    case 'split':
      return whole(`${value}.split(${first === undefined ? '" "' : toCel(first)})`)
    case 'join':
      return whole(`${value}.join(${first === undefined ? '' : toCel(first)})`)
    case 'ternary':
      if (first === undefined || second === undefined) return undefined
      return {
        text: `${tight(of, binding.or)} ? ${tight(first, binding.or)} : ${toCel(second)}`,
        binding: binding.choice,
      }
    case 'regex_search':
    case 'search':
    case 'match':
      return first === undefined ? undefined : whole(`${value}.matches(${toCel(first)})`)
    case 'map':
    case 'selectattr':
    case 'rejectattr':
      return eachField(filter, value, to)
    default:
      return undefined
  }
}

/** As a method of a path or call, otherwise as a function. */
export function sharedInCel({ name, values }: SharedCall, { text, tight }: ToCel): string {
  const [first, ...rest] = values
  const isPath = first !== undefined && ['name', 'field', 'index', 'call', 'filter'].includes(first.kind)
  if (name === 'env' || name === 'file' || !isPath) return `${name}(${values.map(text).join(', ')})`
  return `${tight(first, binding.postfix)}.${name}(${rest.map(text).join(', ')})`
}

function bindingOf(node: JinjaNode): number {
  return node.kind === 'choice' || node.kind === 'binary' ? binding.choice : binding.sign
}

/** With `true` as its second argument, the filter also replaces empty values. */
function defaulted(
  given: {
    readonly of: JinjaNode
    readonly first: JinjaNode | undefined
    readonly second: JinjaNode | undefined
  },
  { text: toCel, tight }: ToCel,
): Cel {
  const { of, first, second } = given
  const fallback = first === undefined ? '""' : toCel(first)
  if (second === undefined) return whole(`default(${toCel(of)}, ${fallback})`)
  return {
    text: `default(${toCel(of)}, "") == "" ? ${fallback} : ${tight(of, binding.or)}`,
    binding: binding.choice,
  }
}

/** `map(attribute='name')`, `selectattr('state', 'equalto', 'on')` and their like. */
function eachField({ name, args }: Filter, value: string, to: ToCel): Cel | undefined {
  const field = argumentOf(args, 0, 'attribute')
  if (field?.kind !== 'text' || !/^[A-Za-z_][\w.]*$/.test(field.value)) return undefined
  const of: JinjaNode = { kind: 'name', name: `x.${field.value}` }
  if (name === 'map') return args[0]?.name === 'attribute' ? whole(`${value}.map(x, ${of.name})`) : undefined
  const test = argumentOf(args, 1)
  if (test !== undefined && test.kind !== 'text') return undefined
  const condition =
    test === undefined
      ? { text: of.name, binding: binding.postfix }
      : testInCel({ kind: 'test', of, name: test.value, args: args.slice(2), negated: false }, to)
  if (condition === undefined) return undefined
  if (name === 'selectattr') return whole(`${value}.filter(x, ${condition.text})`)
  const not = condition.binding < binding.sign ? `!(${condition.text})` : `!${condition.text}`
  return whole(`${value}.filter(x, ${not})`)
}

/** Tests on results of tasks: the field, and whether it must be false. */
const results: Readonly<Record<string, readonly [field: string, not: boolean]>> = {
  succeeded: ['failed', true],
  success: ['failed', true],
  successful: ['failed', true],
  failed: ['failed', false],
  failure: ['failed', false],
  changed: ['changed', false],
  change: ['changed', false],
  skipped: ['skipped', false],
  skip: ['skipped', false],
  unreachable: ['unreachable', false],
}

const types: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'bool',
  integer: 'int',
  number: 'int',
  float: 'double',
  mapping: 'map',
  sequence: 'list',
}

const comparisons: Readonly<Record<string, string>> = {
  equalto: '==',
  eq: '==',
  '==': '==',
  sameas: '==',
  ne: '!=',
  '!=': '!=',
  lt: '<',
  '<': '<',
  le: '<=',
  '<=': '<=',
  gt: '>',
  '>': '>',
  ge: '>=',
  '>=': '>=',
}

const opposites: Readonly<Record<string, string>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
}

/** Returns `undefined` if CEL has no equivalent. */
export function testInCel({ of, name, args, negated: not }: Test, to: ToCel): Cel | undefined {
  const { text: toCel, tight, negated } = to
  const first = argumentOf(args, 0)
  const compare = (operator: string, left: string, right: string): Cel => ({
    text: `${left} ${not ? (opposites[operator] ?? operator) : operator} ${right}`,
    binding: binding.comparison,
  })
  const truth = (text: string, positive = true): Cel =>
    positive === !not ? whole(text) : { text: `!${text}`, binding: binding.sign }
  const result = Object.hasOwn(results, name) ? results[name] : undefined
  if (result !== undefined) return truth(`${tight(of, binding.postfix)}.${result[0]}`, !result[1])
  const type = Object.hasOwn(types, name) ? types[name] : undefined
  if (type !== undefined) return compare('==', `type(${toCel(of)})`, type)
  const comparison = Object.hasOwn(comparisons, name) ? comparisons[name] : undefined
  if (comparison !== undefined)
    return first === undefined
      ? undefined
      : compare(comparison, tight(of, binding.sum), tight(first, binding.sum))
  switch (name) {
    case 'defined':
      return truth(`defined(${toCel(of)})`)
    case 'undefined':
      return truth(`defined(${toCel(of)})`, false)
    case 'none':
      return compare('==', tight(of, binding.sum), 'null')
    case 'true':
    case 'truthy':
      return not ? negated(of) : { text: toCel(of), binding: bindingOf(of) }
    case 'false':
    case 'falsy':
      return not ? { text: toCel(of), binding: bindingOf(of) } : negated(of)
    case 'match':
    case 'search':
    case 'regex': {
      if (first === undefined) return undefined
      const anchored = name === 'match' && first.kind === 'text' && !first.value.startsWith('^')
      const pattern = anchored ? quoted(`^${first.value}`) : toCel(first)
      return truth(`${tight(of, binding.postfix)}.matches(${pattern})`)
    }
    case 'in':
      return first === undefined ? undefined : inside(tight(of, binding.sum), tight(first, binding.sum), not)
    case 'contains':
      return first === undefined ? undefined : inside(tight(first, binding.sum), tight(of, binding.sum), not)
    case 'version':
    case 'version_compare': {
      const operator = argumentOf(args, 1, 'operator')
      const symbol = operator?.kind === 'text' ? (comparisons[operator.value] ?? '==') : '=='
      return first === undefined
        ? undefined
        : compare(symbol, `version(${toCel(of)})`, `version(${toCel(first)})`)
    }
    case 'subset':
      return first === undefined
        ? undefined
        : truth(`${tight(of, binding.postfix)}.all(x, x in ${tight(first, binding.sum)})`)
    case 'superset':
      return first === undefined
        ? undefined
        : truth(`${tight(first, binding.postfix)}.all(x, x in ${tight(of, binding.sum)})`)
    case 'even':
    case 'odd':
      return compare('==', `${tight(of, binding.product)} % 2`, name === 'even' ? '0' : '1')
    case 'divisibleby':
      return first === undefined
        ? undefined
        : compare('==', `${tight(of, binding.product)} % ${tight(first, binding.sign)}`, '0')
    default:
      return undefined
  }
}

function inside(item: string, list: string, not: boolean): Cel {
  return not
    ? { text: `!(${item} in ${list})`, binding: binding.sign }
    : { text: `${item} in ${list}`, binding: binding.comparison }
}
