/** Translates a Jinja expression to Handlebars with our helpers. */
import { factHere, formerNameHint, nameHere } from '../former-names.ts'
import { helperCounts } from '../template-helpers.ts'
import { filterAdvice, functionAdvice } from './advice.ts'
import { sharedCall, sharedFilter } from './shared-filters.ts'
import { argumentOf, type JinjaArgument, type JinjaNode, NoCounterpart } from './tree.ts'

/** The content of a placeholder; a helper `call` needs brackets as an argument. */
interface Inside {
  readonly text: string
  readonly call: boolean
}

/**
 * The text that prints the value: `{{lower name}}`, or `{{#if x}}a{{else}}b{{/if}}`.
 * @throws NoCounterpart
 */
export function toHandlebars(node: JinjaNode): string {
  switch (node.kind) {
    case 'text':
      return node.value.replaceAll('{{', '\\{{')
    case 'number':
      return node.raw
    case 'choice':
      return choice(node.condition, node.yes, node.no)
    case 'filter': {
      const [yes, no] = [argumentOf(node.args, 0), argumentOf(node.args, 1)]
      if (node.name === 'ternary' && yes !== undefined) return choice(node.of, yes, no)
      break
    }
    case 'binary':
      if (node.operator === '~' || (node.operator === '+' && hasText(node)))
        return toHandlebars(node.left) + toHandlebars(node.right)
      break
    case 'name':
    case 'field':
    case 'index':
    case 'slice':
    case 'call':
    case 'test':
    case 'not':
    case 'minus':
    case 'list':
    case 'map':
      break
  }
  return `{{${insideOf(node).text}}}`
}

/**
 * Returns the argument for `#if`, `#each` and similar blocks: `(eq a b)`.
 * @throws NoCounterpart
 */
export function toParameter(node: JinjaNode): string {
  const { text, call } = insideOf(node)
  return call ? `(${text})` : text
}

function choice(condition: JinjaNode, then: JinjaNode, otherwise: JinjaNode | undefined): string {
  const not = otherwise === undefined ? '' : `{{else}}${toHandlebars(otherwise)}`
  return `{{#if ${toParameter(condition)}}}${toHandlebars(then)}${not}{{/if}}`
}

function hasText(node: JinjaNode): boolean {
  if (node.kind === 'text') return true
  return node.kind === 'binary' && node.operator === '+' && (hasText(node.left) || hasText(node.right))
}

function insideOf(node: JinjaNode): Inside {
  switch (node.kind) {
    case 'text':
      return { text: node.value.includes('"') ? `'${node.value}'` : `"${node.value}"`, call: false }
    case 'number':
      return { text: node.raw, call: false }
    case 'name':
      return nameOf(node.name)
    case 'field':
      return fieldOf(node.of, node.key)
    case 'index':
      return indexOf(node.of, node.key)
    case 'filter':
      return filterOf(node)
    case 'test':
      return testOf(node)
    case 'not':
      return call('not', node.of)
    case 'binary':
      return operation(node.operator, node.left, node.right)
    case 'call': {
      if (node.callee.kind !== 'name')
        return none('templates have helpers, not methods: docs/reference.md lists them')
      const shared = sharedCall(node.callee.name, node.args)
      if (shared !== undefined) return call(shared.name, ...shared.values)
      // Jinja's `lookup` differs from the helper of the same name.
      if (node.callee.name === 'lookup' || helperCounts(node.callee.name) === undefined)
        return none(functionAdvice(node.callee.name))
      return call(node.callee.name, ...node.args.map(({ value }) => value))
    }
    case 'slice':
    case 'minus':
    case 'choice':
    case 'list':
    case 'map':
      return none('')
  }
}

function none(advice: string): never {
  throw new NoCounterpart(advice)
}

function call(helper: string, ...values: readonly JinjaNode[]): Inside {
  return { text: [helper, ...values.map(toParameter)].join(' '), call: true }
}

function nameOf(name: string): Inside {
  const here = nameHere(name)
  if (here !== undefined) return /[[(]/.test(here) ? none('') : { text: here, call: false }
  const hint = formerNameHint(name)
  return hint === undefined ? { text: name, call: false } : none(hint)
}

/** `loop` of Jinja, in Handlebars the data of `#each`. */
const loop: Readonly<Record<string, Inside>> = {
  index: { text: 'add @index 1', call: true },
  index0: { text: '@index', call: false },
  first: { text: '@first', call: false },
  last: { text: '@last', call: false },
}

function fieldOf(of: JinjaNode, key: string): Inside {
  if (of.kind === 'name' && of.name === 'loop') return loop[key] ?? none(formerNameHint('loop') ?? '')
  const fact = of.kind === 'name' && of.name === 'ansible_facts' ? factHere(key) : undefined
  if (fact !== undefined) return { text: fact, call: false }
  const container = insideOf(of)
  if (container.call) return { text: `lookup (${container.text}) "${key}"`, call: true }
  return { text: `${container.text}.${key}`, call: false }
}

function indexOf(of: JinjaNode, key: JinjaNode): Inside {
  if (key.kind === 'text' && /^[A-Za-z_]\w*$/.test(key.value)) return fieldOf(of, key.value)
  const container = insideOf(of)
  if (!container.call && key.kind === 'number') return { text: `${container.text}.[${key.raw}]`, call: false }
  return call('lookup', of, key)
}

/** Helpers that take only the value. */
const simple: Readonly<Record<string, string>> = {
  length: 'length',
  count: 'length',
  last: 'last',
}

/** Filters that have no effect on text. */
const needless = new Set(['bool', 'int', 'float', 'string', 'list', 'mandatory', 'safe'])

function filterOf(filter: Extract<JinjaNode, { readonly kind: 'filter' }>): Inside {
  const { of, name, args } = filter
  if (needless.has(name)) return insideOf(of)
  const shared = sharedFilter(filter)
  if (shared !== undefined) return call(shared.name, ...shared.values)
  const helper = Object.hasOwn(simple, name) ? simple[name] : undefined
  if (helper !== undefined) return call(helper, of)
  const first = argumentOf(args, 0)
  switch (name) {
    case 'default':
    case 'd':
      return call('default', of, first ?? { kind: 'text', value: '' })
    case 'join':
      return call('join', of, first ?? { kind: 'text', value: '' })
    case 'first':
      return indexOf(of, { kind: 'number', raw: '0' })
    default:
      return none(filterAdvice(name))
  }
}

function testOf({ of, name, args, negated }: Extract<JinjaNode, { readonly kind: 'test' }>): Inside {
  const inside = positiveTest(of, name, args)
  if (inside === undefined) return none('')
  const isNegative = name === 'undefined' || name === 'false' || name === 'falsy'
  return negated === isNegative
    ? inside
    : { text: `not ${inside.call ? `(${inside.text})` : inside.text}`, call: true }
}

function positiveTest(of: JinjaNode, name: string, args: readonly JinjaArgument[]): Inside | undefined {
  const value = argumentOf(args, 0)
  switch (name) {
    case 'defined':
    case 'undefined':
      return call('defined', of)
    case 'none':
      return call('eq', of, { kind: 'name', name: 'null' })
    case 'true':
    case 'truthy':
    case 'false':
    case 'falsy':
      return insideOf(of)
    case 'equalto':
    case 'eq':
    case 'sameas':
      return value === undefined ? undefined : call('eq', of, value)
    case 'in':
      return value === undefined ? undefined : call('includes', value, of)
    case 'contains':
      return value === undefined ? undefined : call('includes', of, value)
    case 'search':
    case 'regex':
      return value === undefined ? undefined : call('matches', of, value)
    case 'version':
    case 'version_compare': {
      const operator = argumentOf(args, 1, 'operator') ?? { kind: 'text', value: '==' }
      return value === undefined ? undefined : call('versionIs', of, operator, value)
    }
    default:
      return undefined
  }
}

function operation(operator: string, left: JinjaNode, right: JinjaNode): Inside {
  switch (operator) {
    case 'and':
      return call('and', left, right)
    case 'or':
      return call('or', left, right)
    case '==':
      return call('eq', left, right)
    case '!=':
      return call('ne', left, right)
    case 'in':
      return call('includes', right, left)
    case 'not in':
      return { text: `not ${toParameter({ kind: 'binary', operator: 'in', left, right })}`, call: true }
    case '+':
      return right.kind === 'number' || left.kind === 'number' ? call('add', left, right) : none('')
    default:
      return none('')
  }
}
