/**
 * Variables as expressions and templates see them: plain data whose unknown parts throw when they are read.
 *
 * So `{{ r.stdout }}` is unknown when only `stdout` is, and CEL's own rules (`false && error` is false) make its logic three-valued.
 */
import { InputError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { isUnknown, type Unknown, UnknownError } from '../base/unknown.ts'
import { Omit, omit, omitName } from './omit.ts'

/** What was met while one expression or template was evaluated. */
export interface Evaluation {
  unknown: Unknown | undefined
  /** In the order in which they were met. */
  readonly secrets: Set<Secret>
  /** A variable that was read could not be rendered: reported even where `||` would have hidden it. */
  mistake: InputError | undefined
}

export interface Scope {
  has(name: string): boolean
  /**
   * The rendered value; `undefined` when there is no such variable. May be or hold `Unknown` and `Secret`.
   * @throws InputError when the variable's own templates are wrong.
   */
  get(name: string): unknown
  names(): Iterable<string>
}

export type Numbers = 'cel' | 'plain'

export function newEvaluation(): Evaluation {
  return { unknown: undefined, secrets: new Set(), mistake: undefined }
}

/** The scope as an object that reads each variable when it is asked for. */
export function contextOf(
  scope: Scope,
  names: Iterable<string>,
  reading: Evaluation,
  numbers: Numbers,
): Record<string, unknown> {
  const context = Object.create(null) as Record<string, unknown>
  for (const name of names) {
    if (name === omitName) context[name] = omit
    if (name === omitName || !scope.has(name)) continue
    Object.defineProperty(context, name, {
      enumerable: true,
      configurable: true,
      get: () => {
        try {
          return read(scope.get(name), reading, numbers)
        } catch (error) {
          if (error instanceof InputError) reading.mistake ??= error
          throw error
        }
      },
    })
  }
  return context
}

function read(value: unknown, reading: Evaluation, numbers: Numbers): unknown {
  if (isUnknown(value)) {
    reading.unknown ??= value
    throw new UnknownError(value)
  }
  if (value instanceof Secret) {
    reading.secrets.add(value)
    return value.reveal()
  }
  if (typeof value === 'number')
    return numbers === 'cel' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null || value instanceof Omit) return value
  return Array.isArray(value) ? readList(value, reading, numbers) : readMap(value, reading, numbers)
}

function readList(list: readonly unknown[], reading: Evaluation, numbers: Numbers): unknown[] {
  const result: unknown[] = []
  result.length = list.length
  list.forEach((item, index) => {
    if (isUnknown(item) || item instanceof Secret) {
      Object.defineProperty(result, index, {
        enumerable: true,
        configurable: true,
        get: () => read(item, reading, numbers),
      })
    } else {
      result[index] = read(item, reading, numbers)
    }
  })
  return result
}

function readMap(map: object, reading: Evaluation, numbers: Numbers): Record<string, unknown> {
  const result = Object.create(null) as Record<string, unknown>
  for (const key of Object.keys(map)) {
    Object.defineProperty(result, key, {
      enumerable: true,
      configurable: true,
      get: () => read((map as Record<string, unknown>)[key], reading, numbers),
    })
  }
  return result
}

/** What such an object shows, as plain data of its own; parts that are unknown are `Unknown` again. */
export function plainData(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Omit) return value
  const part = (container: object, key: string): unknown => {
    try {
      return plainData((container as Record<string, unknown>)[key])
    } catch (error) {
      if (error instanceof UnknownError) return error.unknown
      throw error
    }
  }
  if (Array.isArray(value)) return Array.from(value.keys(), (index) => part(value, String(index)))
  return Object.fromEntries(Object.keys(value).map((key) => [key, part(value, key)]))
}

/**
 * What lies at a path, raw: `Unknown` when the path leads into something unknown, `undefined` when there is nothing.
 */
export function lookUp(scope: Scope, path: readonly string[]): unknown {
  const [root, ...rest] = path
  if (root === omitName) return rest.length === 0 ? omit : undefined
  if (root === undefined || !scope.has(root)) return undefined
  let value = scope.get(root)
  for (const key of rest) {
    if (isUnknown(value)) return value
    if (
      typeof value !== 'object' ||
      value === null ||
      value instanceof Secret ||
      !Object.hasOwn(value, key)
    ) {
      return undefined
    }
    value = (value as Record<string, unknown>)[key]
  }
  return value
}
