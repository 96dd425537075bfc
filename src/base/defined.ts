/** A type with all members optional, and without `undefined` as a value. */
export type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/**
 * Returns the members that have a value: `{ name, ...defined({ mode, owner }) }`. With
 * `exactOptionalPropertyTypes`, an `undefined` member differs from an absent one.
 */
export function defined<const T extends object>(members: T): Defined<T>
export function defined(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

/** Applies a function to a value that may be absent: `defined({ port: mapped(port, Number) })`. */
export function mapped<T, R>(value: T | undefined, convert: (value: T) => R): R | undefined {
  return value === undefined ? undefined : convert(value)
}
