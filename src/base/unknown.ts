/**
 * What a dry run cannot know.
 *
 * An `Unknown` stands where a value would be: in a registered result, a fact, a rendered argument, a read.
 * It always says why, so that the outcome `unknown` ("may run") can say it too.
 */
export class Unknown {
  /** Ends the sentence "cannot be known in a dry run: ...". */
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

export function isUnknown(value: unknown): value is Unknown {
  return value instanceof Unknown
}

/** Thrown by a read, a condition or a template that met an `Unknown`; the task ends there with the outcome `unknown`. */
export class UnknownError extends Error {
  readonly unknown: Unknown
  constructor(unknown: Unknown) {
    super(unknown.why)
    this.name = 'UnknownError'
    this.unknown = unknown
  }
}

/** A value where it is known, else something in its place. */
export function knownOr<T, U>(value: T | Unknown, otherwise: U): T | U {
  return value instanceof Unknown ? otherwise : value
}

/** A value that a reading cannot do without. @throws UnknownError */
export function known<T>(value: T | Unknown): T {
  if (value instanceof Unknown) throw new UnknownError(value)
  return value
}

/** The first `Unknown` inside a value of plain data, at any depth; `undefined` when all of it is known. */
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
