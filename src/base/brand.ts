/**
 * Branded strings, so that the types keep different kinds apart. Only the checked constructor next to a type
 * makes one.
 */
declare const brand: unique symbol
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }

/** A host's name in the inventory; events and resources use it for nodes and containers too. */
export type HostName = Brand<string, 'HostName'>
export function hostName(name: string): HostName {
  return name as HostName
}
