/** A type with all members optional, and without `undefined` as a value. */
export type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/**
 * Returns the members that have a value: `{ name, ...given({ mode, owner }) }`. With
 * `exactOptionalPropertyTypes`, an `undefined` member differs from an absent one.
 */
export function given<T extends object>(members: T): Given<T>
export function given(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
