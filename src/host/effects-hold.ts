/** Compares what actions said they would do with what is there afterwards. */
import { HostError } from '../base/errors.ts'
import type { Action, PredictedFile } from './action.ts'
import { allEffects, type PlacedEffect, revealed, sha256Of } from './effects.ts'
import type { Host } from './host.ts'
import { remotePath } from './paths.ts'
import { overlaps } from './resource.ts'

/**
 * Sentences on effects that were predicted and are not seen, of actions that were all carried out, in order; the last word on a resource counts.
 * Nothing is said of what was declared unknown, nor of what only comes true with a reboot that was not among the actions.
 * @throws UnreachableError
 */
export async function effectsHold(actions: readonly Action[], host: Host): Promise<readonly string[]> {
  const checks = [...lastWords(actions).values()].map(async (effect) => {
    try {
      return await differences(effect, effect.on === 'node' ? host.node : host)
    } catch (error) {
      if (error instanceof HostError) return [`could not be compared afterwards: ${error.message}`]
      throw error
    }
  })
  return (await Promise.all(checks)).flat()
}

function lastWords(actions: readonly Action[]): ReadonlyMap<string, PlacedEffect> {
  const words = new Map<string, PlacedEffect>()
  const waiting: PlacedEffect[] = []
  for (const action of actions) {
    if (action.kind === 'reboot') for (const effect of waiting.splice(0)) put(words, effect)
    for (const effect of allEffects(action)) {
      if (effect.afterBoot === true) waiting.push(effect)
      else put(words, effect)
    }
    // New attributes were not foreseen by what was said of the file before.
    if (action.kind === 'setAttributes')
      words.delete(`${action.on ?? 'host'} file:${remotePath(action.path)}`)
  }
  return words
}

function put(words: Map<string, PlacedEffect>, effect: PlacedEffect): void {
  const { on } = effect
  const drop = (touched: (resource: string) => boolean): void => {
    for (const key of words.keys()) {
      if (key.startsWith(`${on} `) && touched(key.slice(on.length + 1))) words.delete(key)
    }
  }
  if ('unknown' in effect) drop((resource) => effect.unknown.some((pattern) => overlaps(pattern, resource)))
  else if ('file' in effect) {
    const path = remotePath(effect.file)
    if (effect.becomes.kind === 'absent') drop((resource) => resource.startsWith(`file:${path}/`))
    words.set(`${on} file:${path}`, effect)
  } else if ('package' in effect) words.set(`${on} package:${effect.package}`, effect)
  else if ('unit' in effect) words.set(`${on} unit:${effect.unit}`, effect)
  else if ('kernelModule' in effect) words.set(`${on} kernelModule:${effect.kernelModule}`, effect)
  else if ('container' in effect) words.set(`${on} container:${effect.container}`, effect)
  else if ('command' in effect) words.set(`${on} command:${effect.command}`, effect)
}

async function differences(effect: PlacedEffect, host: Host): Promise<readonly string[]> {
  if ('file' in effect) return fileDifferences(effect.file, effect.becomes, host)
  if ('package' in effect) {
    const { installed } = effect.becomes
    if (installed === 'unknown') return []
    return said(`package ${effect.package}`, { installed }, await host.package(effect.package))
  }
  if ('unit' in effect) return said(`unit ${effect.unit}`, effect.becomes, await host.unit(effect.unit))
  if ('kernelModule' in effect) {
    const seen = await host.kernelModule(effect.kernelModule)
    return said(`kernel module ${effect.kernelModule}`, effect.becomes, seen)
  }
  if ('container' in effect) {
    const seen = await host.container(effect.container)
    const { status, config } = effect.becomes
    const found = said(`container ${effect.container}`, status === undefined ? {} : { status }, {
      status: seen?.status ?? 'absent',
    })
    return config === undefined || seen?.config === config
      ? found
      : [...found, `said that the configuration of container ${effect.container} would be another than it is`]
  }
  if ('command' in effect) {
    return said(`program ${effect.command}`, effect.becomes, { path: await host.command(effect.command) })
  }
  return []
}

async function fileDifferences(path: string, becomes: PredictedFile, host: Host): Promise<readonly string[]> {
  if (becomes.kind === 'unknown') return []
  const seen = await host.stat(path, { follow: becomes.kind === 'file' || becomes.kind === 'directory' })
  const kind = seen?.kind ?? 'absent'
  if (kind !== becomes.kind) return [sentence(path, 'kind', becomes.kind, kind)]
  if (becomes.kind === 'absent') return []
  const { kind: _kind, ...rest } = becomes
  const wanted = 'text' in rest ? withoutText(rest) : rest
  const found = said(path, wanted, {
    ...seen,
    ...('sha256' in wanted ? { sha256: await host.hash(path) } : {}),
  })
  return found
}

function withoutText({
  text,
  ...rest
}: Omit<Extract<PredictedFile, { kind: 'file' }>, 'kind'>): Record<string, unknown> {
  return text === undefined ? rest : { ...rest, sha256: sha256Of(revealed(text)) }
}

/** Content is secret or long: only its checksum is compared, and shown. */
function said(what: string, wanted: object, seen: object): readonly string[] {
  const found = new Map<string, unknown>(Object.entries(seen))
  return Object.entries(wanted).flatMap(([field, value]: [string, unknown]) => {
    const normal = field === 'mode' && typeof value === 'string' ? value.padStart(4, '0') : value
    // Owners may be given by number.
    const ids = field === 'owner' ? found.get('uid') : field === 'group' ? found.get('gid') : undefined
    if (found.get(field) === normal || (typeof ids === 'number' && `${ids}` === normal)) return []
    return [sentence(what, field, normal, found.get(field))]
  })
}

function sentence(what: string, field: string, wanted: unknown, seen: unknown): string {
  const show = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value))
  return `said that ${field} of ${what} would be ${show(wanted)}, saw ${show(seen)}`
}
