/** What a function of both languages is: its parameters, its documentation, and how it is called. */
import type { Evaluation } from '../evaluation.ts'

/** Text accepts numbers and booleans, too. */
export type ParameterKind = 'any' | 'text' | 'number' | 'list' | 'map'

export interface Parameter<K extends ParameterKind = ParameterKind, O extends boolean = boolean> {
  readonly name: string
  readonly kind: K
  readonly optional: O
}

export interface SharedFunction {
  /** Optional ones are last. */
  readonly parameters: readonly Parameter[]
  /** The kind of all further values. */
  readonly more: Parameter | undefined
  readonly returns: ParameterKind | 'boolean'
  readonly meaning: string
  /** An example in an expression and the same in a template; both read `exampleVariables`. */
  readonly expression: string
  readonly template: string
  /** The result of the example, as JSON. A template shows it as text. */
  readonly gives: unknown
  /** It only moves values: the known parts of its result do not depend on unknown parts of its arguments. */
  readonly moves: boolean
  /** It gets maps as they are and must not read their values: those of `hostvars` are made on access. */
  readonly readsOnlyKeys: boolean
  /** @throws FunctionError */
  readonly apply: (given: readonly unknown[], reading: Evaluation) => unknown
}

/** A function or template helper cannot use a value. */
export class FunctionError extends Error {
  readonly hint: string | undefined
  /** What a parser says about the text. It may quote the text, so it is left out if a secret was read. */
  readonly detail: string | undefined

  constructor(
    message: string,
    { hint, detail }: { readonly hint?: string | undefined; readonly detail?: string | undefined } = {},
  ) {
    super(message)
    this.hint = hint
    this.detail = detail
  }
}

interface Values {
  readonly any: unknown
  readonly text: string
  readonly number: number
  readonly list: readonly unknown[]
  readonly map: Readonly<Record<string, unknown>>
}

type Given<P extends readonly Parameter[]> = {
  readonly [I in keyof P]: P[I] extends Parameter<infer K, infer O>
    ? Values[K] | (O extends true ? undefined : never)
    : never
}

/** Gives a function the types of its parameters. `callFunction` has checked and converted the values. */
export function shared<const P extends readonly Parameter[], M extends ParameterKind = never>(
  written: Pick<SharedFunction, 'returns' | 'meaning' | 'expression' | 'template' | 'gives'> & {
    readonly parameters: P
    readonly more?: Parameter<M>
    readonly moves?: boolean
    readonly readsOnlyKeys?: boolean
    readonly apply: (given: readonly [...Given<P>, ...Values[M][]], reading: Evaluation) => unknown
  },
): SharedFunction {
  const { more, moves = false, readsOnlyKeys = false, apply, ...rest } = written
  return {
    ...rest,
    more,
    moves,
    readsOnlyKeys,
    apply: (given, reading) => apply(given as readonly [...Given<P>, ...Values[M][]], reading),
  }
}

export function needed<K extends ParameterKind>(name: string, kind: K): Parameter<K, false> {
  return { name, kind, optional: false }
}

export function optional<K extends ParameterKind>(name: string, kind: K): Parameter<K, true> {
  return { name, kind, optional: true }
}

/** The most values of a function without a fixed number. */
const most = 9

/** The least and the most values. */
export function countsOf({ parameters, more }: SharedFunction): readonly [number, number] {
  const least = parameters.filter((parameter) => !parameter.optional).length
  return [least, more === undefined ? parameters.length : most]
}

/** Returns the parameters for that many values. */
export function parametersFor({ parameters, more }: SharedFunction, count: number): readonly Parameter[] {
  return Array.from({ length: count }, (_, index) => parameters[index] ?? more ?? needed('value', 'any'))
}

/** `sort(list[, key])` in an expression, `{{sort list [key]}}` in a template. */
export function usageOf(name: string, { parameters, more }: SharedFunction, template: boolean): string {
  const names = parameters.map((parameter) => ({ text: parameter.name, open: parameter.optional }))
  if (more !== undefined) names.push({ text: `${more.name}...`, open: true })
  if (template) {
    const words = names.map(({ text, open }) => (open ? `[${text}]` : text))
    return `{{${[name, ...words].join(' ')}}}`
  }
  const listed = names.map(({ text, open }, index) => {
    const separated = index === 0 ? text : `, ${text}`
    return open ? `[${separated}]` : separated
  })
  return `${name}(${listed.join('')})`
}

/** Names the type of a value. */
export function typeName(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return typeof value === 'string' ? 'text' : `a ${typeof value}`
}

/** A map, but not a value of a class of ours such as `Unknown`. */
export function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

const kindNames: Readonly<Record<ParameterKind, string>> = {
  any: 'a value',
  text: 'text',
  number: 'a number',
  list: 'a list',
  map: 'a map',
}

const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth']

/** `"sort" needs a list as its first value, but got text`. @param found the type in words */
export function wrongKind(
  call: { readonly name: string; readonly index: number; readonly kind: ParameterKind },
  found: string,
): string {
  const { name, index, kind } = call
  return `"${name}" needs ${kindNames[kind]} as its ${ordinals[index] ?? 'last'} value, but got ${found}`
}

/** `"sort" takes 1 to 2 values`. */
export function wrongCount(name: string, [least, most]: readonly [number, number]): string {
  const wanted = least === most ? `${least}` : `${least} to ${most}`
  return `"${name}" takes ${wanted} value${most === 1 ? '' : 's'}`
}
