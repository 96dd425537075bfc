/** The state of the resources that actions change, as the probe behind their plan saw it. */
import type { HostName } from '../base/brand.ts'
import type { Action } from './action.ts'
import { allEffects } from './effects.ts'
import type { Expectation } from './expectation.ts'
import { remotePath } from './paths.ts'
import { onMachine, type Resource, resource } from './resource.ts'
import { kindOf, kindsOf } from './resources/all.ts'

const kinds = kindsOf()

/** The resources that an action names, without those that it leaves unknown. */
export function resourcesOf(
  action: Action,
): readonly { readonly on: 'host' | 'node'; readonly name: Resource }[] {
  const own =
    action.kind === 'setAttributes'
      ? [{ on: action.on ?? 'host', name: resource('file', remotePath(action.path)) }]
      : []
  const effects = allEffects(action).flatMap((effect) =>
    effect.kind === 'unknown' || effect.kind === 'brings'
      ? []
      : [{ on: effect.on, name: resource(effect.kind, kindOf(kinds, effect.kind).key(effect.name)) }],
  )
  return [...own, ...effects]
}

/** By machine and resource. Resources that the probe did not read are left out. */
export function changedState(
  actions: readonly Action[],
  names: { readonly host: HostName; readonly node?: HostName | undefined },
  touched: ReadonlyMap<string, Expectation>,
): ReadonlyMap<string, Expectation> {
  const found = new Map<string, Expectation>()
  for (const { on, name } of actions.flatMap(resourcesOf)) {
    const key = onMachine(on === 'node' ? (names.node ?? names.host) : names.host, name)
    const state = touched.get(key)
    if (state !== undefined) found.set(key, state)
  }
  return found
}
