/** The members of a type that may be left out, without `undefined` as their value. */
export type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/**
 * The members that have a value: `{ name, ...given({ mode, owner }) }`. With `exactOptionalPropertyTypes` a member that is
 * `undefined` is not the same as one that is not there.
 */
export function given<T extends object>(members: T): Given<T>
export function given(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
