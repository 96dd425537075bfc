/** Strings that must not be mixed up. A branded string is made only by the checked constructor beside its type. */
declare const brand: unique symbol
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }

/** A host as the inventory names it; also the name of a node or container in events and resources. */
export type HostName = Brand<string, 'HostName'>
export function hostName(name: string): HostName {
  return name as HostName
}
