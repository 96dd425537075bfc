/**
 * Sources that construct groups and variables from those of other sources: `plugin: constructed`, as in
 * Ansible, with expressions in CEL. construct.ts applies them.
 */
import type { HostName } from '../base/brand.ts'
import type { Position } from '../base/errors.ts'
import { mapped } from '../base/defined.ts'
import { FieldReader } from '../language/fields.ts'
import type { Expression, Value } from '../language/model.ts'
import { didYouMean } from '../language/suggest.ts'
import { newNameProblem } from '../language/values.ts'
import type { YamlMap, YamlNode } from '../language/yaml.ts'
import type { InventoryBuilder } from './builder.ts'
import { unknownNames } from './host-scope.ts'

export interface Construction {
  /** Whether it is a mistake if an expression reads a variable that a host lacks. */
  readonly strict: boolean
  /** Variables of hosts. */
  readonly compose: readonly Rule[]
  /** Groups of the hosts for which the expression is true. */
  readonly groups: readonly Rule[]
  readonly keyedGroups: readonly KeyedGroups[]
  /** Default: all hosts of the inventory. */
  readonly hosts?: ReadonlySet<HostName>
}

export interface Rule {
  /** Of the group or variable. */
  readonly name: string
  readonly where: Position
  readonly expression: Expression
}

/** Groups that are named after values of hosts. */
export interface KeyedGroups {
  readonly key: Expression
  /** Before the value, with the separator. */
  readonly lead: string
  /** Between the key and the value of a map. */
  readonly separator: string
  /** For empty values. */
  readonly defaultValue: string | undefined
  /** False: an empty value of a map leaves its separator out. */
  readonly trailingSeparator: boolean
  /** The name of the group that contains them; may be a template. */
  readonly parent: Value | undefined
}

const names: readonly string[] = ['constructed', 'ansible.builtin.constructed']

/** Returns the root of such a file. */
export function constructedFile(root: YamlNode | undefined): YamlMap | undefined {
  const plugin = root?.kind === 'map' ? root.entries.get('plugin')?.value : undefined
  return root?.kind === 'map' && plugin?.kind === 'scalar' && names.includes(String(plugin.value))
    ? root
    : undefined
}

const keys: readonly string[] = [
  'plugin',
  'strict',
  'compose',
  'groups',
  'keyed_groups',
  'leading_separator',
  // gpuplay always reads group_vars, host_vars and -e.
  'use_vars_plugins',
  'use_extra_vars',
]

export function readConstruction(builder: InventoryBuilder, root: YamlMap): Construction {
  checkKeys(builder, root, keys)
  const fields = new FieldReader(root, builder.values)
  for (const key of ['use_vars_plugins', 'use_extra_vars']) fields.boolean(key)
  return constructionIn(builder, root, { strict: true })
}

/** Reads these keys of a source that may have others. @param options.strict The default */
export function constructionIn(
  builder: InventoryBuilder,
  root: YamlMap,
  { strict }: { readonly strict: boolean },
): Construction {
  const fields = new FieldReader(root, builder.values)
  const leading = fields.boolean('leading_separator') ?? true
  return {
    strict: fields.boolean('strict') ?? strict,
    compose: rulesOf(builder, fields.map('compose')).filter(({ name, where }) => isNew(builder, name, where)),
    groups: rulesOf(builder, fields.map('groups')).filter(known(builder, 'groups')),
    keyedGroups: fields.list('keyed_groups').flatMap((node) => keyedGroups(builder, node, leading) ?? []),
  }
}

function isNew(builder: InventoryBuilder, name: string, where: Position): boolean {
  const wrong = newNameProblem(name, where)
  if (wrong !== undefined) builder.values.problems.push(wrong)
  return wrong === undefined
}

function checkKeys(builder: InventoryBuilder, map: YamlMap, allowed: readonly string[]): void {
  for (const [key, { where }] of map.entries) {
    if (allowed.includes(key)) continue
    builder.report('unknown-keyword', `there is no "${key}" here`, {
      where,
      hint: didYouMean(key, allowed, `the keys are ${allowed.join(', ')}`),
    })
  }
}

function rulesOf(builder: InventoryBuilder, map: YamlMap | undefined): readonly Rule[] {
  return [...(map?.entries ?? [])].flatMap(([name, { where, value }]) => {
    const expression = expressionOf(builder, value, `"${name}"`)
    return expression === undefined ? [] : [{ name, where, expression }]
  })
}

/** Numbers and booleans are expressions too. */
function expressionOf(builder: InventoryBuilder, node: YamlNode, what: string): Expression | undefined {
  if (node.kind === 'scalar' && node.value !== null) {
    const text = typeof node.value === 'string' ? node.value : String(node.value)
    return builder.values.expressions.parse(text, node, builder.values.problems)
  }
  builder.report('invalid-inventory', `${what} must be an expression`, {
    where: node.where,
    hint: `write it as text: 'gpu_count > 1'; text in it needs quotes of its own`,
  })
  return undefined
}

/** Groups must be known before a run: reports expressions that read facts and the like. */
function known(builder: InventoryBuilder, what: string): (rule: Pick<Rule, 'expression'>) => boolean {
  return ({ expression }) => {
    const name = expression.reads.map(([root = '']) => root).find((root) => unknownNames.includes(root))
    if (name === undefined) return true
    builder.report('unknown-value', `"${what}" cannot read "${name}", which is known only during a run`, {
      where: expression.where,
      hint: 'use variables of the inventory; a task can test the value in "when"',
    })
    return false
  }
}

const keyedKeys: readonly string[] = [
  'key',
  'prefix',
  'separator',
  'parent_group',
  'default_value',
  'trailing_separator',
]

function keyedGroups(builder: InventoryBuilder, node: YamlNode, leading: boolean): KeyedGroups | undefined {
  const hint = 'write a list of maps: "- key: EXPRESSION", "prefix: TEXT" below it'
  if (node.kind !== 'map') {
    builder.report('invalid-inventory', 'an entry of "keyed_groups" must be a map', {
      where: node.where,
      hint,
    })
    return undefined
  }
  checkKeys(builder, node, keyedKeys)
  const fields = new FieldReader(node, builder.values)
  const written = fields.node('key')
  if (written === undefined) {
    builder.report('missing-keyword', 'this entry has no "key"', { where: node.where, hint })
    return undefined
  }
  const key = expressionOf(builder, written, '"key"')
  const prefix = fields.text('prefix') ?? ''
  const separator = fields.text('separator') ?? '_'
  const defaultValue = fields.text('default_value')
  const trailingSeparator = fields.boolean('trailing_separator')
  if (defaultValue !== undefined && trailingSeparator !== undefined) {
    builder.report('exclusive-keywords', '"default_value" and "trailing_separator" exclude each other', {
      where: fields.entry('trailing_separator')?.where ?? node.where,
      hint: 'remove one of them',
    })
  }
  if (key === undefined || !known(builder, 'keyed_groups')({ expression: key })) return undefined
  return {
    key,
    lead: prefix === '' && !leading ? '' : prefix + separator,
    separator: prefix === '' && !leading ? '' : separator,
    defaultValue,
    trailingSeparator: trailingSeparator ?? true,
    parent: mapped(fields.node('parent_group'), (parent) => builder.values.value(parent)),
  }
}
