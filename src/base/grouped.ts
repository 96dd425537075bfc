/** Returns the members with equal keys together, in the order of the first member of each key. */
export function grouped<T>(members: readonly T[], keyOf: (member: T) => string): Iterable<readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const member of members) {
    const key = keyOf(member)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [member])
    else group.push(member)
  }
  return groups.values()
}
