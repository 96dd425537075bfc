/**
 * Variables for expressions and templates: plain data whose unknown parts throw on read.
 *
 * So `{{ r.stdout }}` is unknown only if `stdout` is, and CEL's own rules (`false && error` is false) give
 * three-valued logic.
 */
import { InputError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { isUnknown, type Unknown, UnknownError } from '../base/unknown.ts'
import { Omit, omit, omitName } from './omit.ts'
import type { Files } from './read-files.ts'

/** The unknown values, secrets and mistakes that one evaluation of an expression or template read. */
export interface Evaluation {
  unknown: Unknown | undefined
  /** In the order of the reads. */
  readonly secrets: Set<Secret>
  /** A variable that could not be rendered: reported even if `||` would hide it. */
  mistake: InputError | undefined
  readonly localSources: LocalSources | undefined
}

/** What functions may read of the machine that gpuplay runs on. */
export interface LocalSources {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly files: Files
  /** Where files with relative names are searched, in order: the role, then the playbook. */
  readonly folders: readonly string[]
}

export interface Scope {
  has(name: string): boolean
  /**
   * Returns the rendered value, which may be or contain `Unknown` and `Secret`; `undefined` if the variable
   * does not exist.
   * @throws InputError if the variable's own templates have mistakes
   */
  get(name: string): unknown
  names(): Iterable<string>
  /** Without them, functions cannot read the environment or files. */
  readonly localSources?: LocalSources | undefined
}

export type Numbers = 'cel' | 'plain'

export function newEvaluation({ localSources }: Pick<Scope, 'localSources'>): Evaluation {
  return { unknown: undefined, secrets: new Set(), mistake: undefined, localSources }
}

/** The scope as an object that reads each variable on access. */
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
          return readable(scope.get(name), reading, numbers)
        } catch (error) {
          if (error instanceof InputError) reading.mistake ??= error
          throw error
        }
      },
    })
  }
  return context
}

/** Wraps plain data so that its unknown parts throw on read, and its secrets are recorded. */
export function readable(value: unknown, reading: Evaluation, numbers: Numbers): unknown {
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
        get: () => readable(item, reading, numbers),
      })
    } else {
      result[index] = readable(item, reading, numbers)
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
      get: () => readable((map as Record<string, unknown>)[key], reading, numbers),
    })
  }
  return result
}

/** Copies such an object to plain data; unknown parts become `Unknown` again. */
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
 * Returns the raw value at a path: `Unknown` if the path leads into an unknown value, `undefined` if there is
 * no value.
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
