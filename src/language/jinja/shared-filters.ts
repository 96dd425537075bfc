/** Filters and functions of Jinja that are functions here, in both languages. */
import { argumentOf, type JinjaArgument, type JinjaNode } from './tree.ts'

/** A call of one of our functions. */
export interface SharedCall {
  readonly name: string
  readonly values: readonly JinjaNode[]
}

type Filter = Extract<JinjaNode, { readonly kind: 'filter' }>

/** Filters that take the same values as our function. */
const same: Readonly<Record<string, string>> = {
  lower: 'lower',
  upper: 'upper',
  trim: 'trim',
  quote: 'quote',
  basename: 'basename',
  dirname: 'dirname',
  unique: 'unique',
  min: 'min',
  max: 'max',
  reverse: 'reverse',
  to_json: 'json',
  tojson: 'json',
  to_yaml: 'yaml',
  to_nice_yaml: 'yaml',
  from_json: 'fromJson',
  from_yaml: 'fromYaml',
  b64encode: 'base64',
  b64decode: 'fromBase64',
}

/** Returns `undefined` if no function does the same. */
export function sharedFilter({ name, of, args }: Filter): SharedCall | undefined {
  const direct = Object.hasOwn(same, name) ? same[name] : undefined
  if (direct !== undefined) return { name: direct, values: [of] }
  const [first, second] = [argumentOf(args, 0), argumentOf(args, 1)]
  switch (name) {
    case 'union':
    case 'intersect':
    case 'difference':
      return first && args.length === 1 ? { name, values: [of, first] } : undefined
    case 'zip':
      return first && args.every((given) => given.name === undefined)
        ? { name, values: [of, ...args.map(({ value }) => value)] }
        : undefined
    case 'dict2items':
    case 'items2dict':
      return withNames(name, of, args)
    case 'replace':
      return first && second && { name: 'replace', values: [of, first, second] }
    case 'regex_replace':
      return first && second && { name: 'regexReplace', values: [of, first, withDollars(second)] }
    case 'regex_findall':
      return first && { name: 'regexAll', values: [of, first] }
    case 'sort': {
      const key = argumentOf(args, 9, 'attribute')
      return args.length === (key === undefined ? 0 : 1)
        ? { name: 'sort', values: key === undefined ? [of] : [of, key] }
        : undefined
    }
    case 'flatten': {
      const levels = argumentOf(args, 0, 'levels')
      return { name: 'flatten', values: levels === undefined ? [of] : [of, levels] }
    }
    case 'indent':
      return { name: 'indent', values: [of, first ?? { kind: 'number', raw: '4' }] }
    case 'to_nice_json':
      return { name: 'json', values: [of, { kind: 'number', raw: '4' }] }
    case 'combine':
      return combined(of, args)
    case 'hash':
      return first?.kind === 'text' && first.value === 'sha256' ? { name: 'sha256', values: [of] } : undefined
    case 'format':
      return { name: 'format', values: [of, ...args.map(({ value }) => value)] }
    default:
      return undefined
  }
}

/** `range(3)`, `lookup('env', 'HOME')`, `lookup('file', 'motd')`. */
export function sharedCall(name: string, args: readonly JinjaArgument[]): SharedCall | undefined {
  const values = args.map(({ value }) => value)
  if (name === 'range') return { name, values }
  const [kind, subject, ...more] = values
  if (name !== 'lookup' || kind?.kind !== 'text' || subject === undefined || more.length > 0) return undefined
  const source = kind.value.replace(/^ansible\.builtin\./, '')
  return source === 'env' || source === 'file' ? { name: source, values: [subject] } : undefined
}

/** With `key_name` and `value_name`, the maps of the list have these keys. */
function withNames(name: string, of: JinjaNode, args: readonly JinjaArgument[]): SharedCall {
  const key = argumentOf(args, 0, 'key_name')
  const value = argumentOf(args, 1, 'value_name')
  if (key === undefined && value === undefined) return { name, values: [of] }
  const otherwise = (text: string): JinjaNode => ({ kind: 'text', value: text })
  return { name, values: [of, key ?? otherwise('key'), ...(value === undefined ? [] : [value])] }
}

/** With `recursive=true`, maps inside are merged, too. */
function combined(of: JinjaNode, args: readonly JinjaArgument[]): SharedCall | undefined {
  const recursive = args.find(({ name }) => name === 'recursive')
  const maps = args.filter(({ name }) => name === undefined).map(({ value }) => value)
  if (maps.length === 0 || maps.length + (recursive === undefined ? 0 : 1) < args.length) return undefined
  return { name: recursive === undefined ? 'merge' : 'mergeDeep', values: [of, ...maps] }
}

/** Python writes groups as `\1`. */
function withDollars(node: JinjaNode): JinjaNode {
  return node.kind === 'text'
    ? { kind: 'text', value: node.value.replaceAll('$', '$$$$').replaceAll(/\\(?:g<)?(\d)>?/g, '$$$1') }
    : node
}
