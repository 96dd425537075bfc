/** The variables of a host outside a run: those of the inventory and the command line, and its name and groups. */
import type { HostName } from '../base/brand.ts'
import { Unknown } from '../base/unknown.ts'
import { builtIns } from '../language/built-ins.ts'
import type { LocalSources } from '../language/evaluation.ts'
import type { Variables } from '../language/model.ts'
import { omitName } from '../language/omit.ts'
import { VariableScope } from '../language/scope.ts'

export interface GivenVariables {
  /** From the command line. */
  readonly extra: Variables
  readonly localSources: LocalSources
}

/** A host with its groups, strongest last. */
export interface ScopedHost {
  readonly name: HostName
  readonly groups: readonly string[]
  readonly variables: Variables
}

/** The built-in variables that only a run knows. */
export const unknownNames: readonly string[] = Object.keys(builtIns).filter(
  (name) => !['inventory_hostname', 'group_names', 'groups', omitName].includes(name),
)

/** @param more Other built-in variables. */
export function hostScope(
  { name, groups, variables }: ScopedHost,
  { extra, localSources }: GivenVariables,
  more: Readonly<Record<string, unknown>> = {},
): VariableScope {
  const data = new Map<string, unknown>([
    ['inventory_hostname', name],
    ['group_names', [...groups].sort()],
    ...Object.entries(more),
  ])
  return new VariableScope(
    [
      { layer: 'inventory', written: variables },
      { layer: 'extra vars', written: extra },
      { layer: 'built in', data },
    ],
    undefined,
    localSources,
  )
}

/** Values that only a run knows, for scopes that may meet them. */
export const onlyInRuns: Readonly<Record<string, unknown>> = Object.fromEntries(
  unknownNames.map((name) => [name, new Unknown(`"${name}" is known only during a run`)]),
)
