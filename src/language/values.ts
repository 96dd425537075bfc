/** Converts YAML to values: literals stay, text with `{{ }}` becomes a template, `!cel` an expression. */
import { InputError, type Position, type Problem } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import { Secret } from '../base/secret.ts'
import { Unknown } from '../base/unknown.ts'
import { builtIns } from './built-ins.ts'
import { ExpressionParser } from './expression.ts'
import { jinjaTags } from './jinja/problems.ts'
import type { MapEntry, MapValue, Value, Variable } from './model.ts'
import { fixedLocator, problem } from './source.ts'
import { isTemplate, TemplateParser } from './template.ts'
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from './yaml.ts'

/** The parsers of both languages and their problems. One instance for everything that is loaded together. */
export class ValueReader {
  readonly problems: Problem[] = []
  readonly expressions = new ExpressionParser()
  readonly templates = new TemplateParser()
  readonly #defers: boolean

  /**
   * @param options.defers For an inventory, which other tools also read: invalid text is a mistake only when
   *   it is rendered (`Template.problems`), and names of built-in variables are allowed.
   */
  constructor({ defers = false }: { readonly defers?: boolean } = {}) {
    this.#defers = defers
  }

  value(node: YamlNode): Value {
    switch (node.kind) {
      case 'scalar':
        return this.#scalar(node)
      case 'list':
        return { kind: 'list', items: node.items.map((item) => this.value(item)), where: node.where }
      case 'map':
        return this.map(node)
    }
  }

  map(node: YamlMap): MapValue {
    const entries = new Map<string, MapEntry>()
    for (const [key, entry] of node.entries) {
      entries.set(key, { where: entry.where, value: this.#entry(key, entry) })
    }
    return { kind: 'map', entries, where: node.where }
  }

  #entry(key: string, { where, value }: YamlEntry): Value {
    if (!isTemplate(key)) return this.value(value)
    const wrong = templatedKey(key, where)
    if (this.#defers) return unreadable(commandLineScalar(key, where), [wrong])
    this.problems.push(wrong)
    return this.value(value)
  }

  /** Reads the entries of a map as variables. Reports names that no expression can use. */
  variables(node: YamlMap): ReadonlyMap<string, Variable> {
    const variables = new Map<string, Variable>()
    for (const [name, entry] of node.entries) {
      if (!this.checkName(name, entry.where)) continue
      variables.set(name, { name, value: this.value(entry.value), where: entry.where })
    }
    return variables
  }

  checkName(name: string, where: Position): boolean {
    const wrong = this.#defers ? nameProblem(name, where) : newNameProblem(name, where)
    if (wrong !== undefined) this.problems.push(wrong)
    return wrong === undefined
  }

  #scalar(node: YamlScalar): Value {
    if (node.sealed !== undefined) return { kind: 'sealed', where: node.where, open: node.sealed }
    const problems: Problem[] = []
    const parsed = this.#parsed(node, problems)
    if (parsed === undefined && problems.length > 0 && this.#defers) return unreadable(node, problems)
    this.problems.push(...problems)
    return parsed ?? literal(node)
  }

  #parsed(node: YamlScalar, problems: Problem[]): Value | undefined {
    if (node.cel) {
      const expression = this.expressions.parse(String(node.value), node, problems)
      return expression ?? (this.#defers ? undefined : { kind: 'literal', value: null, where: node.where })
    }
    if (typeof node.value !== 'string') return undefined
    if (isTemplate(node.value)) return this.templates.parse(node.value, node, problems)
    problems.push(...jinjaTags(node.value, node))
    return undefined
  }
}

/** The value of a file whose format has no templates: its text stays as it is. */
export function literalNode(node: YamlNode): Value {
  switch (node.kind) {
    case 'scalar':
      return literal(node)
    case 'list':
      return { kind: 'list', items: node.items.map(literalNode), where: node.where }
    case 'map': {
      const entries = [...node.entries].map(([key, { where, value }]): [string, MapEntry] => [
        key,
        { where, value: literalNode(value) },
      ])
      return { kind: 'map', entries: new Map(entries), where: node.where }
    }
  }
}

/** A value that is a mistake only when it is rendered. */
export function unreadable(node: YamlScalar, problems: readonly Problem[]): Value {
  return {
    kind: 'template',
    source: String(node.value),
    where: node.where,
    reads: [],
    optional: [],
    comparisons: [],
    value: undefined,
    path: undefined,
    at: (offset, length) => node.at(offset, length),
    problems,
    run: () => {
      throw new InputError(problems)
    },
  }
}

/** The mistakes in the parts of a value that cannot be read. */
export function unreadableProblems(value: Value): readonly Problem[] {
  switch (value.kind) {
    case 'literal':
    case 'expression':
    case 'sealed':
      return []
    case 'list':
      return value.items.flatMap(unreadableProblems)
    case 'map':
      return [...value.entries.values()].flatMap((entry) => unreadableProblems(entry.value))
    case 'template':
      return value.problems ?? []
  }
}

function templatedKey(key: string, where: Position): Problem {
  const name = /^\{\{\s*([\w.]+)\s*\}\}$/.exec(key)?.[1]
  return problem('not-templated', `"${key}" is a key, and keys cannot be templates`, {
    where,
    hint: `build the whole map: !cel '{${name ?? '"a" + b'}: value}'`,
  })
}

function literal(node: YamlScalar): Value {
  const { value, source, where, quoted } = node
  return typeof value === 'string'
    ? { kind: 'literal', value, where }
    : { kind: 'literal', value, source, where, ...defined({ quoted }) }
}

/** Reserved words of CEL, which cannot be variable names. */
export const reservedNames: readonly string[] = (
  'as break const continue else for function if import in let loop package namespace return var void while ' +
  'true false null __proto__ prototype constructor this ' +
  'bool int uint double string bytes list map type null_type cel optional dyn'
).split(' ')

/** Returns the problem of a variable name, if any. */
export function nameProblem(name: string, where: Position): Problem | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return problem('invalid-name', `"${name}" is not a valid variable name`, {
      where,
      hint: `use letters, digits and underscores: ${name.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_')}`,
    })
  }
  if (reservedNames.includes(name)) {
    return problem(
      'invalid-name',
      `"${name}" is a reserved word of the expression language, not a valid variable name`,
      {
        where,
        hint: `choose another name, such as ${name}_value`,
      },
    )
  }
  return undefined
}

/** Like `nameProblem`, but also refuses the names of built-in variables. */
export function newNameProblem(name: string, where: Position): Problem | undefined {
  if (!Object.hasOwn(builtIns, name)) return nameProblem(name, where)
  return problem('invalid-name', `"${name}" is a built-in variable and cannot be redefined`, {
    where,
    hint: `choose another name, such as ${name}_value`,
  })
}

/** Converts plain data from the command line or the engine to a value. Its text is never a template. */
export function literalValue(data: unknown, where: Position): Value {
  if (data instanceof Secret || data instanceof Unknown) return { kind: 'sealed', where, open: () => data }
  if (typeof data === 'bigint') return { kind: 'literal', value: Number(data), where }
  if (Array.isArray(data)) {
    return { kind: 'list', items: data.map((item) => literalValue(item, where)), where }
  }
  if (typeof data === 'object' && data !== null) {
    const entries = Object.entries(data).map(([key, part]): [string, MapEntry] => [
      key,
      { where, value: literalValue(part, where) },
    ])
    return { kind: 'map', entries: new Map(entries), where }
  }
  if (typeof data === 'string' || typeof data === 'number' || typeof data === 'boolean') {
    return { kind: 'literal', value: data, where }
  }
  return { kind: 'literal', value: null, where }
}

/** A scalar that is not from a file. */
export function commandLineScalar(text: string, where: Position): YamlScalar {
  return { kind: 'scalar', value: text, source: text, cel: false, ...fixedLocator(where) }
}
