/**
 * The names that an expression or template may read, and what is known of their types; checked when the playbook loads.
 *
 * Names with a schema (results, facts, role arguments) are checked down to their fields, the others by name alone.
 */
import type { Environment } from '@marcbachmann/cel-js'
import type { Problem } from '../base/errors.ts'
import { celEnvironment } from './cel-environment.ts'
import { notCondition, type ValueKind } from './expression.ts'
import { toProblem } from './expression-problems.ts'
import { factHere, formerNameHint } from './former-names.ts'
import type { Expression, ReadPath, Template, Value } from './model.ts'
import { findWord, placeholdersOnly } from './find-word.ts'
import { neverEqual } from './never-equal.ts'
import { computedKey, ownNodeKey } from './reads.ts'
import { problem } from './source.ts'
import { didYouMean, nearest } from './suggest.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** Immutable: each `with` gives a new one that knows a name more. */
export class Declarations {
  readonly #types: ReadonlyMap<string, JsonSchema | undefined>
  readonly #parent: Declarations | undefined
  readonly #added: ReadonlyMap<string, JsonSchema | undefined>
  /** Results that other hosts may not have yet: they are registered while this is read. */
  readonly #unsettled: ReadonlySet<string>
  #environment: Environment | undefined

  constructor(
    names: ReadonlyMap<string, JsonSchema | undefined>,
    parent?: Declarations,
    unsettled: ReadonlySet<string> = new Set(),
  ) {
    this.#added = names
    this.#parent = parent
    this.#unsettled = unsettled
    this.#types = parent === undefined ? names : new Map([...parent.#types, ...names])
  }

  /** A name that was there before gets the new type. */
  with(names: Iterable<readonly [string, JsonSchema | undefined]>): Declarations {
    const added = new Map(names)
    if (added.size === 0) return this
    const replaces = [...added].some(([name]) => this.#types.has(name))
    if (!replaces) return new Declarations(added, this, this.#unsettled)
    return new Declarations(new Map([...this.#types, ...added]), undefined, this.#unsettled)
  }

  /** With the names that these ask for whether or not they are there, and that nothing declares. */
  withOptional(readers: readonly (Expression | Template)[]): Declarations {
    const names = readers.flatMap(({ optional }) => optional).filter((name) => !this.#types.has(name))
    return this.with(names.map((name) => [name, undefined] as const))
  }

  /** The same names where these results are not to be asked of another host (`hostvars.X.NAME`): whether it has them already is a matter of luck. */
  unsettled(results: ReadonlySet<string>): Declarations {
    return new Declarations(new Map(), this, results)
  }

  has(name: string): boolean {
    return this.#types.has(name)
  }

  schemaOf(name: string): JsonSchema | undefined {
    return this.#types.get(name)
  }

  /** What is wrong with a value's expressions and templates, wherever in it they are. */
  check(value: Value): readonly Problem[] {
    switch (value.kind) {
      case 'literal':
        return []
      case 'list':
        return value.items.flatMap((item) => this.check(item))
      case 'map':
        return [...value.entries.values()].flatMap((entry) => this.check(entry.value))
      case 'template':
        return this.#paths(value)
      case 'expression':
        return this.#expression(value)
    }
  }

  /** As `check`; and what a condition gives must be true or false, where that can be told. */
  checkCondition(condition: Expression): readonly Problem[] {
    return this.#expression(condition, true)
  }

  #expression(expression: Expression, isCondition = false): readonly Problem[] {
    const known = this.withOptional([expression])
    if (known !== this) return known.#expression(expression, isCondition)
    const paths = this.#paths(expression)
    if (paths.length > 0) return paths
    const result = this.#cel().check(expression.source.replaceAll('.matches(', '.re2('))
    const { where } = expression
    if (result.valid) {
      const kind = isCondition ? kindOfType(result.type) : undefined
      return kind === undefined ? [] : [notCondition(expression, kind)]
    }
    const found = toProblem(result.error, expression.source, {
      locator: { where, at: (offset, length) => expression.at(offset, length) },
      environment: this.#cel(),
    })
    return found === undefined ? [] : [found]
  }

  #paths(reader: Expression | Template): readonly Problem[] {
    const known = this.withOptional([reader])
    if (known !== this) return known.#paths(reader)
    const paths = reader.reads.flatMap((path) => {
      const found = this.#path(path, reader)
      return found === undefined ? [] : [found]
    })
    return [...paths, ...neverEqual(reader, (path) => this.#schemaAt(path))]
  }

  /** The schema of what lies at a path, if it is known. */
  #schemaAt([root = '', ...keys]: ReadPath): JsonSchema | undefined {
    return keys.reduce<JsonSchema | undefined>(
      (schema, key) => asSchema(closedFields(schema)?.[key]),
      this.#types.get(root),
    )
  }

  #path(path: ReadPath, reader: Expression | Template): Problem | undefined {
    const [root = '', ...rest] = path
    const source = reader.kind === 'template' ? placeholdersOnly(reader.source) : reader.source
    const offset = Math.max(0, findWord(source, root))
    if (!this.#types.has(root)) {
      return problem('undefined-variable', `nothing is called "${root}" here`, {
        where: reader.at(offset, root.length),
        hint:
          formerHint(path) ??
          didYouMean(
            root,
            this.#types.keys(),
            'set it in the inventory, in vars, or register it in an earlier task',
          ),
      })
    }
    const early = root === 'hostvars' ? this.#early(rest, source, offset) : undefined
    if (early !== undefined) {
      return problem(
        'unsettled-result',
        `"${early.name}" is registered in this play or beside it, and another host may not have come that far`,
        {
          where: reader.at(early.at, early.name.length),
          hint: `read it in a later play${early.own ? `, or write ${early.name} alone for the host's own` : ''}`,
        },
      )
    }
    let schema = this.#types.get(root)
    let walked = root
    for (const key of rest) {
      if (key === computedKey || key === ownNodeKey) return undefined
      const fields = closedFields(schema)
      if (fields === undefined) return undefined
      if (!Object.hasOwn(fields, key)) {
        const at = Math.max(0, findWord(source, key, offset))
        const known = Object.keys(fields)
        return problem('no-such-key', `"${walked}" has no "${key}"`, {
          where: reader.at(at, key.length),
          hint: nearest(key, known) === undefined ? `it has ${known.join(', ')}` : didYouMean(key, known),
        })
      }
      schema = asSchema(fields[key])
      walked += `.${key}`
    }
    return undefined
  }

  /** A read of another host's result that may not be there yet. A container's own node has ended its part before. */
  #early([host, name]: ReadPath, source: string, offset: number): EarlyRead | undefined {
    if (host === undefined || host === ownNodeKey || name === undefined || !this.#unsettled.has(name))
      return undefined
    return { name, at: Math.max(0, findWord(source, name, offset)), own: host === computedKey }
  }

  #cel(): Environment {
    if (this.#environment !== undefined) return this.#environment
    const environment =
      this.#parent === undefined ? celEnvironment({ anyVariable: false }) : this.#parent.#cel().clone()
    for (const [name, schema] of this.#added) {
      if (environment.hasVariable(name)) continue
      const type = celType(schema)
      if (typeof type === 'string') environment.registerVariable(name, type)
      else environment.registerVariable({ name, schema: type })
    }
    this.#environment = environment
    return environment
  }
}

/** `ansible_facts.os_family` has a name here, and so has `ansible_facts` alone. */
function formerHint([root = '', key = '']: ReadPath): string | undefined {
  const fact = root === 'ansible_facts' ? factHere(key) : undefined
  return fact === undefined ? formerNameHint(root) : `it is called ${fact} here`
}

interface EarlyRead {
  readonly name: string
  readonly at: number
  /** It may be the host itself that is meant. */
  readonly own: boolean
}

/** What a CEL type is in plain words, where it cannot be true or false. */
function kindOfType(type: string | undefined): ValueKind | undefined {
  switch (type?.replace(/<.*/, '')) {
    case 'int':
    case 'uint':
    case 'double':
      return 'a number'
    case 'string':
      return 'text'
    case 'list':
      return 'a list'
    case 'map':
      return 'a map'
    default:
      return undefined
  }
}

interface CelFields {
  readonly [name: string]: string | CelFields
}

/** The CEL type of a schema; `dyn` where CEL has no word for it. */
function celType(schema: JsonSchema | undefined): string | CelFields {
  if (schema === undefined) return 'dyn'
  const fields = closedFields(schema)
  if (fields !== undefined) {
    const entries = Object.entries(fields).map(([name, field]): [string, string | CelFields] => [
      name,
      celType(asSchema(field)),
    ])
    return entries.length === 0 ? 'dyn' : Object.fromEntries(entries)
  }
  switch (schema['type']) {
    case 'string':
      return 'string'
    case 'integer':
      return 'int'
    case 'boolean':
      return 'bool'
    case 'array': {
      const item = celType(asSchema(schema['items']))
      return typeof item === 'string' ? `list<${item}>` : 'list<dyn>'
    }
    default:
      return 'dyn'
  }
}

/** The fields of an object that has no others; `undefined` for anything else. */
function closedFields(schema: JsonSchema | undefined): Readonly<Record<string, unknown>> | undefined {
  if (schema === undefined || schema['type'] !== 'object') return undefined
  const fields = asSchema(schema['properties'])
  const more = schema['additionalProperties']
  return fields === undefined || (more !== undefined && more !== false) ? undefined : fields
}

function asSchema(value: unknown): JsonSchema | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonSchema)
    : undefined
}
