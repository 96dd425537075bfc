/** Translates a Jinja expression to CEL. */
import { factHere, formerNameHint, nameHere } from '../former-names.ts'
import { filterAdvice, functionAdvice } from './advice.ts'
import { sharedFunctions } from '../functions/shared-functions.ts'
import { filterInCel, sharedInCel, testInCel } from './cel-filters.ts'
import { binding, type Cel, quoted, type ToCel, whole } from './cel-text.ts'
import { sharedCall } from './shared-filters.ts'
import { argumentOf, type JinjaArgument, type JinjaNode, NoCounterpart } from './tree.ts'

/** @throws NoCounterpart */
export function toCel(node: JinjaNode): string {
  return celOf(node).text
}

/** Returns the text, in brackets if its precedence is lower than this. */
function tight(node: JinjaNode, least: number): string {
  const { text, binding: own } = celOf(node)
  return own < least ? `(${text})` : text
}

const parts: ToCel = { text: toCel, tight, negated }

function celOf(node: JinjaNode): Cel {
  switch (node.kind) {
    case 'text':
      return whole(quoted(node.value))
    case 'number':
      return whole(node.raw)
    case 'name':
      return whole(nameOf(node.name))
    case 'field':
      return whole(factOf(node.of, node.key) ?? `${tight(node.of, binding.postfix)}.${node.key}`)
    case 'index':
      return whole(indexed(node.of, node.key))
    case 'slice':
      return whole(sliced(node))
    case 'call':
      return whole(called(node.callee, node.args))
    case 'filter':
      return filterInCel(node, parts) ?? none(filterAdvice(node.name))
    case 'test':
      return testInCel(node, parts) ?? none(`gpuplay has no equivalent of the test "${node.name}"`)
    case 'not':
      return negated(node.of)
    case 'minus':
      return { text: `-${tight(node.of, binding.sign)}`, binding: binding.sign }
    case 'binary':
      return binary(node.operator, node.left, node.right)
    case 'choice': {
      const then = tight(node.yes, binding.or)
      const otherwise = node.no === undefined ? nothingBeside(node.yes) : tight(node.no, binding.choice)
      return {
        text: `${tight(node.condition, binding.or)} ? ${then} : ${otherwise}`,
        binding: binding.choice,
      }
    }
    case 'list':
      return whole(`[${node.items.map(toCel).join(', ')}]`)
    case 'map':
      return whole(`{${node.entries.map(([key, value]) => `${toCel(key)}: ${toCel(value)}`).join(', ')}}`)
  }
}

/** CEL requires both sides of a choice to have the same type, if it knows them. */
function nothingBeside(then: JinjaNode): string {
  return then.kind === 'number' || (then.kind === 'name' && /^(true|false)$/i.test(then.name)) ? 'omit' : '""'
}

function none(advice: string): never {
  throw new NoCounterpart(advice)
}

function nameOf(name: string): string {
  const here = nameHere(name)
  if (here !== undefined) return here
  if (name === 'true' || name === 'false') return name
  const hint = formerNameHint(name)
  return hint === undefined ? name : none(hint)
}

/** `ansible_facts.os_family` */
function factOf(of: JinjaNode, key: string): string | undefined {
  if (of.kind !== 'name' || of.name !== 'ansible_facts') return undefined
  return factHere(key)
}

function indexed(of: JinjaNode, key: JinjaNode): string {
  const container = tight(of, binding.postfix)
  if (key.kind === 'minus' && key.of.kind === 'number')
    return `${container}[${container}.size() - ${key.of.raw}]`
  const fact = key.kind === 'text' ? factOf(of, key.value) : undefined
  return fact ?? `${container}[${toCel(key)}]`
}

function sliced({ of, from, to }: Extract<JinjaNode, { readonly kind: 'slice' }>): string {
  const negative = [from, to].some((end) => end?.kind === 'minus')
  if (negative) none('CEL counts from the start: write x.substring(from, to), with x.size() for the end')
  const start = from === undefined ? '0' : toCel(from)
  return `${tight(of, binding.postfix)}.substring(${start}${to === undefined ? '' : `, ${toCel(to)}`})`
}

const ownFunctions = new Set([
  'bool',
  'default',
  'defined',
  'double',
  'has',
  'int',
  'size',
  'string',
  'version',
])

/** Methods of text, and their names in CEL. */
const methods: Readonly<Record<string, string>> = {
  startswith: 'startsWith',
  endswith: 'endsWith',
  strip: 'trim',
  lower: 'lower',
  upper: 'upper',
  split: 'split',
  find: 'indexOf',
  rfind: 'lastIndexOf',
  replace: 'replace',
  keys: 'keys',
  values: 'values',
}

function called(callee: JinjaNode, args: readonly JinjaArgument[]): string {
  const list = args.map(({ value }) => toCel(value)).join(', ')
  if (callee.kind === 'name') {
    const shared = sharedCall(callee.name, args)
    if (shared !== undefined) return sharedInCel(shared, parts)
    const isOurs = ownFunctions.has(callee.name) || sharedFunctions.has(callee.name)
    return isOurs ? `${callee.name}(${list})` : none(functionAdvice(callee.name))
  }
  if (callee.kind !== 'field') return none('a value cannot be called')
  const receiver = tight(callee.of, binding.postfix)
  if (callee.key === 'get') {
    const key = argumentOf(args, 0)
    const field = key?.kind === 'text' && /^[A-Za-z_]\w*$/.test(key.value) ? `.${key.value}` : `[${list}]`
    const fallback = argumentOf(args, 1)
    return fallback === undefined
      ? `default(${receiver}${field}, null)`
      : `default(${receiver}${field}, ${toCel(fallback)})`
  }
  if (callee.key === 'join' && args.length === 1) {
    const joined = argumentOf(args, 0)
    return joined === undefined ? none('') : `${tight(joined, binding.postfix)}.join(${toCel(callee.of)})`
  }
  const method = Object.hasOwn(methods, callee.key) ? methods[callee.key] : undefined
  return method === undefined ? none(functionAdvice(callee.key)) : `${receiver}.${method}(${list})`
}

/** Negates a condition; removes an existing negation. */
function negated(node: JinjaNode): Cel {
  if (node.kind === 'test') return celOf({ ...node, negated: !node.negated })
  if (node.kind === 'binary' && node.operator === 'in') return binary('not in', node.left, node.right)
  return { text: `!${tight(node, binding.sign)}`, binding: binding.sign }
}

const levels: Readonly<Record<string, number>> = {
  or: binding.or,
  and: binding.and,
  '+': binding.sum,
  '-': binding.sum,
  '*': binding.product,
  '/': binding.product,
  '%': binding.product,
}

const symbols: Readonly<Record<string, string>> = { or: '||', and: '&&' }

function binary(operator: string, left: JinjaNode, right: JinjaNode): Cel {
  switch (operator) {
    case 'in':
      return contains(left, right)
    case 'not in':
      return { text: `!(${contains(left, right).text})`, binding: binding.sign }
    case '~':
      return { text: `${textOf(left)} + ${textOf(right)}`, binding: binding.sum }
    case '//':
      return whole(`int(${tight(left, binding.product)} / ${tight(right, binding.sign)})`)
    case '**':
      return none('CEL has no power operator: write the product')
    default: {
      const level = levels[operator] ?? binding.comparison
      // A comparison of comparisons needs brackets on both sides, other operators only on the right.
      const least = level === binding.comparison ? binding.sum : level
      const after = level === binding.or || level === binding.and ? level : level + 1
      const text = `${tight(left, least)} ${symbols[operator] ?? operator} ${tight(right, after)}`
      return { text, binding: level }
    }
  }
}

/** Jinja's `in` also searches text, where CEL has `contains`. Program output is text. */
function contains(left: JinjaNode, right: JinjaNode): Cel {
  if (left.kind === 'text' && isText(right))
    return whole(`${tight(right, binding.postfix)}.contains(${toCel(left)})`)
  return { text: `${tight(left, binding.sum)} in ${tight(right, binding.sum)}`, binding: binding.comparison }
}

const textFields = new Set(['stdout', 'stderr', 'msg', 'content'])
const textFilters = new Set(['lower', 'upper', 'string', 'trim', 'join'])

function isText(node: JinjaNode): boolean {
  if (node.kind === 'text') return true
  if (node.kind === 'field') return textFields.has(node.key)
  return node.kind === 'filter' && textFilters.has(node.name)
}

function textOf(node: JinjaNode): string {
  if (node.kind === 'text' || (node.kind === 'binary' && node.operator === '~'))
    return tight(node, binding.sum)
  return `string(${toCel(node)})`
}
