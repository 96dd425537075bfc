/** Compares what actions said they would do with what is there afterwards. */
import { HostError } from '../base/errors.ts'
import type { Action } from './action.ts'
import { allEffects, type PlacedEffect } from './effects.ts'
import type { Host } from './host.ts'
import { remotePath } from './paths.ts'
import { overlaps } from './resource.ts'
import { kindOf, type Kinds, kindsOf, type ResourceEffect } from './resources/all.ts'
import type { Difference } from './resources/kind.ts'

type Said = ResourceEffect & { readonly on: 'host' | 'node' }

/**
 * Sentences on effects that were predicted and are not seen, of actions that were all carried out, in order; the last word on a resource counts.
 * Nothing is said of what was declared unknown, nor of what only comes true with a reboot that was not among the actions.
 * @throws UnreachableError
 */
export async function surprises(
  actions: readonly Action[],
  host: Host,
  kinds: Kinds = kindsOf(),
): Promise<readonly string[]> {
  const checks = [...lastWords(actions, kinds).values()].map(async (effect) => {
    try {
      const kind = kindOf(kinds, effect.kind)
      const seen = await kind.look(effect.on === 'node' ? host.node : host, effect.name, effect.becomes)
      const what = `${kind.word} ${effect.name}`.trim()
      return kind.differences(effect.becomes, seen).map((difference) => sentence(what, difference))
    } catch (error) {
      if (error instanceof HostError) return [`the result could not be checked: ${error.message}`]
      throw error
    }
  })
  return (await Promise.all(checks)).flat()
}

function lastWords(actions: readonly Action[], kinds: Kinds): ReadonlyMap<string, Said> {
  const words = new Map<string, Said>()
  const waiting: PlacedEffect[] = []
  for (const action of actions) {
    if (action.kind === 'reboot') for (const effect of waiting.splice(0)) put(words, effect, kinds)
    for (const effect of allEffects(action)) {
      if (effect.afterBoot === true) waiting.push(effect)
      else put(words, effect, kinds)
    }
    // New attributes were not foreseen by what was said of the file before.
    if (action.kind === 'setAttributes')
      words.delete(`${action.on ?? 'host'} file:${remotePath(action.path)}`)
  }
  return words
}

function put(words: Map<string, Said>, effect: PlacedEffect, kinds: Kinds): void {
  const { on } = effect
  const drop = (touched: (resource: string) => boolean): void => {
    for (const key of words.keys()) {
      if (key.startsWith(`${on} `) && touched(key.slice(on.length + 1))) words.delete(key)
    }
  }
  if (effect.kind === 'brings') return
  if (effect.kind === 'unknown') {
    drop((resource) => effect.resources.some((pattern) => overlaps(pattern, resource)))
    return
  }
  const kind = kindOf(kinds, effect.kind)
  const resource = `${kind.kind}:${kind.key(effect.name)}`
  if (kind.empties?.(effect.becomes) === true) drop((other) => other.startsWith(`${resource}/`))
  if (kind.unforeseen?.(effect.becomes) === undefined) words.set(`${on} ${resource}`, effect)
  else words.delete(`${on} ${resource}`)
}

function sentence(what: string, { field, wanted, seen }: Difference): string {
  const show = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value))
  return `${field} of ${what} is ${show(seen)}; predicted: ${show(wanted)}`
}
