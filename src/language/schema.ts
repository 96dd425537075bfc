/**
 * Validates values against JSON Schemas and reports problems at their positions.
 *
 * Values that are not known yet (an unrendered template, an `Unknown`, a `Secret`) pass every check.
 */
import type { ErrorObject } from 'ajv'
import type { Position, Problem } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { isUnknown } from '../base/unknown.ts'
import type { MapEntry, Value } from './model.ts'
import { word, wordUnknownKey, type Wording } from './schema-wording.ts'
import { problem } from './source.ts'
import { nearest } from './suggest.ts'
import { Validators } from './validators.ts'

export interface CheckSubject {
  /** The name of the whole in messages: `copy`, `the role "verify"`. */
  readonly label: string
  /** The position for missing keys. */
  readonly where: Position
  readonly code: 'invalid-argument' | 'invalid-role-argument' | 'invalid-variable'
}

export class SchemaChecker {
  readonly #validators: Validators

  constructor(validators = new Validators()) {
    this.#validators = validators
  }

  /** Returns the problems of a value as written; unrendered parts pass. */
  checkValue(schema: object, value: Value, subject: CheckSubject): readonly Problem[] {
    const waiting = new Waiting()
    return this.#check(schema, waiting.fromValue(value), { waiting, value, subject })
  }

  /**
   * Returns the problems of rendered data, and the data with the schema's defaults. `value` has the
   * positions.
   */
  complete(
    schema: object,
    data: unknown,
    origin: { readonly value: Value | undefined; readonly subject: CheckSubject },
  ): { readonly data: unknown; readonly problems: readonly Problem[] } {
    const waiting = new Waiting()
    const copy = waiting.fromData(data)
    const problems = this.#check(schema, copy, { waiting, ...origin })
    return { data: waiting.restore(copy), problems }
  }

  /** @throws Error if the schema itself is invalid; for schemas of users */
  compile(schema: object): void {
    this.#validators.of(schema)
  }

  #check(
    schema: object,
    data: unknown,
    context: { waiting: Waiting; value: Value | undefined; subject: CheckSubject },
  ): readonly Problem[] {
    const validate = this.#validators.of(schema)
    if (validate(data)) return []
    const errors = (validate.errors ?? []).filter(
      (error) => !insideAlternative(error) && !restsOnWaiting(error, context.waiting),
    )
    const meant = new Set(errors.flatMap(meantProperty))
    return errors
      .filter((error) => !(error.keyword === 'required' && meant.has(error.params['missingProperty'])))
      .map((error) => toProblem(error, context.value, context.subject))
  }
}

/** Symbols replace values that are not known yet, because no schema restricts them. */
class Waiting {
  readonly #values = new Map<symbol, unknown>()

  fromValue(value: Value): unknown {
    switch (value.kind) {
      case 'literal':
        return value.value
      case 'list':
        return value.items.map((item) => this.fromValue(item))
      case 'map':
        return fromEntries([...value.entries].map(([key, entry]) => [key, this.fromValue(entry.value)]))
      case 'template':
      case 'expression':
      case 'sealed':
        return this.#standIn(value)
    }
  }

  fromData(data: unknown): unknown {
    if (isUnknown(data) || data instanceof Secret) return this.#standIn(data)
    if (Array.isArray(data)) return data.map((item) => this.fromData(item))
    if (typeof data === 'object' && data !== null) {
      return fromEntries(Object.entries(data).map(([key, part]) => [key, this.fromData(part)]))
    }
    return data
  }

  restore(data: unknown): unknown {
    if (typeof data === 'symbol') return this.#values.get(data)
    if (Array.isArray(data)) return data.map((item) => this.restore(item))
    if (typeof data === 'object' && data !== null) {
      return fromEntries(Object.entries(data).map(([key, part]) => [key, this.restore(part)]))
    }
    return data
  }

  within(data: unknown): boolean {
    if (typeof data === 'symbol') return this.#values.has(data)
    if (typeof data !== 'object' || data === null) return false
    return Object.values(data).some((part) => this.within(part))
  }

  #standIn(value: unknown): symbol {
    const symbol = Symbol('waiting')
    this.#values.set(symbol, value)
    return symbol
  }
}

function fromEntries(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries)
}

/** Each branch of `anyOf` and similar keywords reports its own error; only the combined one is shown. */
function insideAlternative(error: ErrorObject): boolean {
  return /\/(anyOf|oneOf|not|if)\/./.test(error.schemaPath) || error.keyword === 'if'
}

const aboutKeys = new Set(['required', 'additionalProperties', 'unevaluatedProperties', 'dependentRequired'])

function restsOnWaiting(error: ErrorObject, waiting: Waiting): boolean {
  if (aboutKeys.has(error.keyword) && typeof error.data === 'object') return false
  return waiting.within(error.data)
}

function toProblem(error: ErrorObject, value: Value | undefined, subject: CheckSubject): Problem {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const found = value === undefined ? undefined : valueAt(value, path)
  const label = path.length === 0 ? subject.label : `"${pathText(path)}"`
  const around = isRecord(error.parentSchema) ? error.parentSchema : {}
  const extra = extraKey(error)
  if (extra !== undefined) {
    const known = isRecord(around['properties']) ? Object.keys(around['properties']) : []
    const key = found?.value === undefined ? undefined : entryOf(found.value, extra)
    return finish(wordUnknownKey(label, extra, known), key?.where ?? found?.where ?? subject.where, subject)
  }
  const whole = path.length === 0
  const wording = word({
    keyword: error.keyword,
    params: error.params,
    demanded: error.schema,
    around,
    label,
    key: keyOf(path, subject),
    data: error.data,
    source: found?.value?.kind === 'literal' ? found.value.source : undefined,
    quoted: found?.value?.kind === 'literal' ? found.value.quoted : undefined,
  })
  return finish(wording, whole ? subject.where : (found?.where ?? subject.where), subject)
}

function keyOf(path: readonly string[], subject: CheckSubject): string {
  const last = path.at(-1) ?? subject.label.replaceAll('"', '')
  return /^\d+$/.test(last) ? '' : last
}

/** Finds the missing key that an unknown key was meant to be: `desst` explains the missing `dest`. */
function meantProperty(error: ErrorObject): readonly unknown[] {
  const extra = extraKey(error)
  const around = isRecord(error.parentSchema) ? error.parentSchema['properties'] : undefined
  return extra !== undefined && isRecord(around) ? [nearest(extra, Object.keys(around))] : []
}

function finish(wording: Wording, where: Position, subject: CheckSubject): Problem {
  return problem(subject.code, wording.message, { where, hint: wording.hint, fix: wording.fix })
}

function extraKey(error: ErrorObject): string | undefined {
  const params: Record<string, unknown> = error.params
  const key = params['additionalProperty'] ?? params['unevaluatedProperty']
  return typeof key === 'string' ? key : undefined
}

function entryOf(value: Value, key: string): MapEntry | undefined {
  return value.kind === 'map' ? value.entries.get(key) : undefined
}

/** Returns the value at a path as far as the source contains it, and its position. */
function valueAt(
  root: Value,
  path: readonly string[],
): { readonly value: Value | undefined; readonly where: Position } {
  let value: Value = root
  for (const key of path) {
    const next: Value | undefined =
      value.kind === 'map'
        ? value.entries.get(key)?.value
        : value.kind === 'list'
          ? value.items[Number(key)]
          : undefined
    if (next === undefined) return { value: undefined, where: value.where }
    value = next
  }
  return { value, where: value.where }
}

function pathText(path: readonly string[]): string {
  return path
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
