/**
 * The names that an expression or template may read, with their types as far as known; checked when the
 * playbook loads.
 *
 * Names with a schema (results, facts, role arguments) are checked down to their fields, others only by name.
 */
import type { Environment } from '@marcbachmann/cel-js'
import type { Problem } from '../base/errors.ts'
import { celEnvironment, useSharedMethods } from './cel-environment.ts'
import { notCondition, type ValueKind } from './expression.ts'
import { toProblem } from './expression-problems.ts'
import { factHere, formerNameFix, formerNameHint } from './former-names.ts'
import type { Expression, ReadPath, Template, Value } from './model.ts'
import { findWord, placeholdersOnly } from './find-word.ts'
import { neverEqual } from './never-equal.ts'
import { computedKey, ownNodeKey } from './reads.ts'
import { problem } from './source.ts'
import { didYouMean, nearest } from './suggest.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** Immutable: each `with` returns a copy with one more name. */
/** The hint about a name that is like no other. */
export const whereToDefine = 'set it in the inventory or under "vars", or register it in an earlier task'

export class Declarations {
  readonly #types: ReadonlyMap<string, JsonSchema | undefined>
  readonly #parent: Declarations | undefined
  readonly #added: ReadonlyMap<string, JsonSchema | undefined>
  /** Results that other hosts may not have yet, because they register them at the same time. */
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

  /** If the name exists, it gets the new type. */
  with(names: Iterable<readonly [string, JsonSchema | undefined]>): Declarations {
    const added = new Map(names)
    if (added.size === 0) return this
    const replaces = [...added].some(([name]) => this.#types.has(name))
    if (!replaces) return new Declarations(added, this, this.#unsettled)
    return new Declarations(new Map([...this.#types, ...added]), undefined, this.#unsettled)
  }

  /** Adds undeclared names that these values test with defined() or default(). */
  withOptional(readers: readonly (Expression | Template)[]): Declarations {
    const names = readers.flatMap(({ optional }) => optional).filter((name) => !this.#types.has(name))
    return this.with(names.map((name) => [name, undefined] as const))
  }

  /**
   * The same names, but another host (`hostvars.X.NAME`) must not be read for these results: it may not have
   * them yet.
   */
  unsettled(results: ReadonlySet<string>): Declarations {
    return new Declarations(new Map(), this, results)
  }

  has(name: string): boolean {
    return this.#types.has(name)
  }

  schemaOf(name: string): JsonSchema | undefined {
    return this.#types.get(name)
  }

  /** Returns the problems of the expressions and templates in a value, at any depth. */
  check(value: Value): readonly Problem[] {
    switch (value.kind) {
      case 'literal':
      case 'sealed':
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

  /** Like `check`; also reports conditions whose type is known not to be a boolean. */
  checkCondition(condition: Expression): readonly Problem[] {
    return this.#expression(condition, true)
  }

  #expression(expression: Expression, isCondition = false): readonly Problem[] {
    const known = this.withOptional([expression])
    if (known !== this) return known.#expression(expression, isCondition)
    const paths = this.#paths(expression)
    if (paths.length > 0) return paths
    const program = this.#cel().parse(expression.source)
    useSharedMethods(program.ast)
    const result = program.check()
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

  /** Returns the schema of the value at a path, if known. */
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
      return problem('undefined-variable', `"${root}" is not defined`, {
        where: reader.at(offset, root.length),
        fix: formerNameFix(root),
        hint: formerHint(path) ?? didYouMean(root, this.#types.keys(), whereToDefine),
      })
    }
    const early = root === 'hostvars' ? this.#early(rest, source, offset) : undefined
    if (early !== undefined) {
      return problem(
        'unsettled-result',
        `"${early.name}" is registered in this play or in one that may run at the same time, so another host may not have it yet`,
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

  /**
   * Finds a read of another host's result that may not exist yet. A container's own node has finished its
   * part before.
   */
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

/** Covers both `ansible_facts.os_family` and `ansible_facts` alone. */
function formerHint([root = '', key = '']: ReadPath): string | undefined {
  const fact = root === 'ansible_facts' ? factHere(key) : undefined
  return fact === undefined ? formerNameHint(root) : `in gpuplay it is called ${fact}`
}

interface EarlyRead {
  readonly name: string
  readonly at: number
  /** The index may be the host itself. */
  readonly own: boolean
}

/** Names a CEL type in plain words; `undefined` if it can be a boolean. */
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

/** Returns the CEL type of a schema; `dyn` if CEL has no equivalent. */
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

/** Returns the fields of an object schema that allows no others; otherwise `undefined`. */
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
