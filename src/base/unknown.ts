/**
 * A value that a dry run cannot know.
 *
 * An `Unknown` takes the place of a value: in a registered result, a fact, a rendered argument, a read. It
 * always has a reason, which the outcome `unknown` ("may run") shows.
 */
export class Unknown {
  /** Completes the sentence "cannot be known in a dry run: ...". */
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

export function isUnknown(value: unknown): value is Unknown {
  return value instanceof Unknown
}

/**
 * Thrown by a read, a condition or a template that meets an `Unknown`; the task ends with the outcome
 * `unknown`.
 */
export class UnknownError extends Error {
  readonly unknown: Unknown
  constructor(unknown: Unknown) {
    super(unknown.why)
    this.name = 'UnknownError'
    this.unknown = unknown
  }
}

/** Returns a value if it is known, otherwise the fallback. */
export function knownOr<T, U>(value: T | Unknown, otherwise: U): T | U {
  return value instanceof Unknown ? otherwise : value
}

/** Returns a value that must be known. @throws UnknownError */
export function known<T>(value: T | Unknown): T {
  if (value instanceof Unknown) throw new UnknownError(value)
  return value
}

/** Returns the first `Unknown` in plain data, at any depth; `undefined` if everything is known. */
export function findUnknown(value: unknown): Unknown | undefined {
  if (isUnknown(value)) return value
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = findUnknown(item)
      if (found) return found
    }
    return undefined
  }
  if (typeof value === 'object' && value !== null) return findUnknown(Object.values(value))
  return undefined
}
