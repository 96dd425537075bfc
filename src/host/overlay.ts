/**
 * What the earlier tasks of a dry run would have left behind, in order, for each machine. Later reads see it before they see the host.
 *
 * Everything is a mark with a number that only grows, so that the later one wins: a file that was written and then belongs to what a package brings is
 * unknown, one that is written afterwards is known again. The laws (tested): what was predicted is read back; what cannot be known is never answered
 * from the host; a machine that nothing was predicted for reads as it is.
 */
import { type HostName } from '../base/brand.ts'
import { Unknown } from '../base/unknown.ts'
import { type Action, type PredictedFile } from './action.ts'
import { allEffects, attributes, type PlacedEffect } from './effects.ts'
import { labelOf } from './label.ts'
import { linkTarget, mostLinks, parentOf, type RemotePath, remotePath } from './paths.ts'
import { overlaps } from './resource.ts'

/** A machine as the overlay needs it: a container also has what happens to its node. */
export interface Place {
  readonly name: HostName
  readonly nodeName?: HostName | undefined
  readonly ctid?: string | undefined
}

/** Later predictions of the same file: attributes alone are laid over what is there. */
export type FilePrediction =
  | PredictedFile
  | { readonly kind: 'attributes'; readonly mode?: string; readonly owner?: string; readonly group?: string }
  /** Something below it will be there, and so will it be, as a directory. */
  | { readonly kind: 'parent' }
  /** Something below it will be there, and so will it be, as a directory. */
  | { readonly kind: 'parent' }

export interface UnitPrediction {
  readonly active?: string
  readonly enabled?: string
  readonly exists?: boolean
}

/** `live`: nothing was predicted, the host answers. */
export type Predicted<T> =
  | { readonly kind: 'live' }
  | { readonly kind: 'unknown'; readonly unknown: Unknown }
  /** `base`: what the prediction does not name was unknown before it; otherwise it is as on the host. */
  | { readonly kind: 'predicted'; readonly value: T; readonly base?: Unknown }

export interface Overlay {
  /** The action would be carried out for a task of this machine. */
  apply(place: Place, action: Action): void
  /** What is predicted of a machine. */
  of(place: Place): PlaceOverlay
  /** Whether anything predicted may change a resource (or pattern) of a machine, and why. */
  touches(place: Place, pattern: string): Unknown | undefined
}

export interface PlaceOverlay {
  /** The machine itself will be something else by then (a container that only the run starts): nothing on it can be known. */
  whole(): Unknown | undefined
  file(path: RemotePath): Predicted<readonly FilePrediction[]>
  /** Names directly below a directory that will be there or not; `emptied`: nothing of what is there now will be. */
  below(
    path: RemotePath,
  ): Predicted<{ readonly emptied: boolean; readonly names: ReadonlyMap<string, boolean> }>
  package(name: string): Predicted<string | undefined>
  unit(name: string): Predicted<UnitPrediction>
  /** The machine would have been booted since the unit was last predicted: only what starts by itself is known to run. */
  bootedSinceUnit(name: string): Unknown | undefined
  kernelModule(name: string): Predicted<{ readonly loaded: boolean; readonly version?: string }>
  kernel(): Predicted<never>
  container(ctid: string): Predicted<{ readonly status?: 'running' | 'stopped'; readonly config?: string }>
  command(name: string): Predicted<string | undefined>
  /** Of something that is absent on the host now: unknown when a predicted installation may bring it. */
  absent(resource: string): Unknown | undefined
  touches(pattern: string): Unknown | undefined
}

interface Mark<T = unknown> {
  readonly at: number
  readonly value: T
}

/** What is known of one machine. */
interface Machine {
  /** By resource; the predictions since the last that says all, oldest first. */
  readonly exact: Map<string, readonly Mark[]>
  readonly unknown: { readonly at: number; readonly pattern: string; readonly why: string }[]
  readonly brings: { readonly at: number; readonly why: string }[]
  readonly boots: { readonly at: number; readonly why: string }[]
  /** When a path was last removed, with all below it. */
  readonly removed: Map<string, number>
  /** For the containers of this machine. */
  readonly power: Map<string, { readonly at: number; readonly verb: string; readonly why: string }[]>
  afterBoot: PlacedEffect[]
}

/** What a boot makes anew, whatever was there before. */
const volatile = ['file:/dev/*', 'file:/run/*', 'file:/proc/*', 'file:/sys/*', 'file:/tmp/*']
/** What a container has in common with its node. */
const shared = ['file:/proc/', 'file:/sys/', 'kernelModule:', 'kernel:']

export function createOverlay(): Overlay {
  const machines = new Map<HostName, Machine>()
  let clock = 0

  const machineOf = (name: HostName): Machine => {
    const present = machines.get(name)
    if (present) return present
    const fresh: Machine = {
      exact: new Map(),
      unknown: [],
      brings: [],
      boots: [],
      removed: new Map(),
      power: new Map(),
      afterBoot: [],
    }
    machines.set(name, fresh)
    return fresh
  }

  const applyEffect = (machine: Machine, effect: PlacedEffect, why: string): void => {
    clock += 1
    const at = clock
    if ('unknown' in effect) {
      for (const pattern of effect.unknown) machine.unknown.push({ at, pattern, why: effect.why })
    } else if ('mayBring' in effect) {
      machine.brings.push({ at, why: `${effect.mayBring} may bring it` })
    } else if ('file' in effect) {
      if (effect.becomes.kind === 'unknown') {
        machine.unknown.push({ at, pattern: `file:${remotePath(effect.file)}`, why: effect.becomes.why })
      } else applyFile(machine, remotePath(effect.file), { at, value: effect.becomes })
    } else if ('package' in effect) {
      if (effect.becomes.installed === 'unknown')
        machine.unknown.push({ at, pattern: `package:${effect.package}`, why })
      else set(machine, `package:${effect.package}`, { at, value: effect.becomes.installed }, false)
    } else if ('unit' in effect) {
      set(machine, `unit:${effect.unit}`, { at, value: effect.becomes }, true)
    } else if ('kernelModule' in effect) {
      set(
        machine,
        `kernelModule:${effect.kernelModule.replaceAll('-', '_')}`,
        { at, value: effect.becomes },
        false,
      )
    } else if ('container' in effect) {
      set(machine, `container:${effect.container}`, { at, value: effect.becomes }, true)
    } else {
      set(machine, `command:${effect.command}`, { at, value: effect.becomes.path }, false)
    }
  }

  /** Writing into a link that would have been made writes what it leads to. */
  const followed = (machine: Machine, given: string, links = 0): RemotePath => {
    const path = remotePath(given)
    const last = machine.exact.get(`file:${path}`)?.at(-1)?.value as FilePrediction | undefined
    return last?.kind === 'link' && links < mostLinks
      ? followed(machine, linkTarget(path, last.target), links + 1)
      : path
  }

  const boot = (name: HostName, why: string): void => {
    const machine = machineOf(name)
    clock += 1
    const at = clock
    machine.boots.push({ at, why })
    for (const pattern of [...volatile, 'kernelModule:*', 'kernel:*'])
      machine.unknown.push({ at, pattern, why })
    const waiting = machine.afterBoot
    machine.afterBoot = []
    for (const effect of waiting) applyEffect(machine, effect, why)
  }

  const overlay: Overlay = {
    apply(place, action) {
      const why = `"${labelOf(action)}" comes first`
      const nameOf = (on: 'host' | 'node'): HostName =>
        on === 'node' ? (place.nodeName ?? place.name) : place.name
      const where = nameOf(action.on ?? 'host')
      if (action.kind === 'setAttributes') {
        clock += 1
        const value: FilePrediction = { kind: 'attributes', ...attributes(action) }
        set(machineOf(where), `file:${followed(machineOf(where), action.path)}`, { at: clock, value }, true)
      }
      if (action.kind === 'containerPower') {
        const { power } = machineOf(where)
        clock += 1
        power.set(action.ctid, [...(power.get(action.ctid) ?? []), { at: clock, verb: action.verb, why }])
      }
      if (action.kind === 'reboot') boot(where, why)
      for (const effect of allEffects(action)) {
        const machine = machineOf(nameOf(effect.on))
        if (effect.afterBoot === true) machine.afterBoot.push(effect)
        else if (action.kind === 'writeFile' && 'file' in effect) {
          applyEffect(machine, { ...effect, file: followed(machine, effect.file) }, why)
        } else applyEffect(machine, effect, why)
      }
    },
    of: (place) => placeOverlay(place, machines),
    touches: (place, pattern) => placeOverlay(place, machines).touches(pattern),
  }
  return overlay
}

function set(machine: Machine, resource: string, mark: Mark, partial: boolean): void {
  machine.exact.set(resource, partial ? [...(machine.exact.get(resource) ?? []), mark] : [mark])
}

function applyFile(machine: Machine, path: RemotePath, mark: Mark<PredictedFile>): void {
  // What replaces a file or is already a directory keeps the attributes that it does not name.
  set(machine, `file:${path}`, mark, mark.value.kind === 'file' || mark.value.kind === 'directory')
  if (isAbsent(mark.value)) {
    machine.removed.set(path, mark.at)
    return
  }
  for (let above = parentOf(path); above !== '/'; above = parentOf(above)) {
    set(machine, `file:${above}`, { at: mark.at, value: { kind: 'parent' } }, true)
  }
}

function placeOverlay(place: Place, machines: ReadonlyMap<HostName, Machine>): PlaceOverlay {
  const own = machines.get(place.name)
  const node =
    place.nodeName === undefined || place.nodeName === place.name ? undefined : machines.get(place.nodeName)
  const power = (place.ctid === undefined ? undefined : node?.power.get(place.ctid)) ?? []
  /** Times at which this machine would have been booted, oldest first. */
  const boots = [
    ...(own?.boots ?? []),
    ...(place.ctid === undefined ? [] : (node?.boots ?? [])),
    ...power,
  ].sort((a, b) => a.at - b.at)
  const unknowns = [
    ...(own?.unknown ?? []),
    ...boots.flatMap(({ at, why }) => volatile.map((pattern) => ({ at, pattern, why }))),
    ...(node?.unknown ?? []).filter(({ pattern }) => shared.some((prefix) => pattern.startsWith(prefix))),
  ]
  const marksOf = (resource: string): readonly Mark[] => {
    const machine = node !== undefined && shared.some((prefix) => resource.startsWith(prefix)) ? node : own
    return machine?.exact.get(resource) ?? []
  }
  const lastUnknown = (pattern: string, after: number): Unknown | undefined => {
    const mark = unknowns.findLast((entry) => entry.at > after && overlaps(entry.pattern, pattern))
    return mark && new Unknown(mark.why)
  }

  /** The predictions of a resource, newest last, unless something later made it unknown. */
  const predictions = <T>(resource: string): Predicted<readonly T[]> => {
    const marks = marksOf(resource)
    const unknown = lastUnknown(resource, marks.at(-1)?.at ?? 0)
    if (unknown) return { kind: 'unknown', unknown }
    if (marks.length === 0) return { kind: 'live' }
    const base = unknowns.findLast((entry) => overlaps(entry.pattern, resource))
    const value = marks.filter(({ at }) => at > (base?.at ?? 0)).map((mark) => mark.value as T)
    return { kind: 'predicted', value, ...(base ? { base: new Unknown(base.why) } : {}) }
  }
  const newest = <T>(resource: string): Predicted<T> => {
    const all = predictions<T>(resource)
    return all.kind === 'predicted' ? { ...all, value: all.value.at(-1) as T } : all
  }
  const merged = <T extends object>(resource: string): Predicted<T> => {
    const all = predictions<T>(resource)
    return all.kind === 'predicted' ? { ...all, value: Object.assign({}, ...all.value) as T } : all
  }
  const lastAt = (resource: string): number => marksOf(resource).at(-1)?.at ?? 0

  const brought = (resource: string, after: number): Unknown | undefined => {
    if (!canBeBrought(resource)) return undefined
    const mark = own?.brings.findLast(({ at }) => at > after)
    return mark && new Unknown(mark.why)
  }
  /** When a directory above was last removed, with the path in it. */
  const goneAbove = (path: RemotePath): number => {
    let latest = 0
    for (let above = parentOf(path); above !== '/'; above = parentOf(above)) {
      latest = Math.max(latest, own?.removed.get(above) ?? 0)
    }
    return latest
  }

  const self: PlaceOverlay = {
    whole() {
      const last = power.findLast(({ verb }) => verb !== 'restart')
      const state = place.ctid === undefined ? undefined : lastStatus(node, place.ctid)
      if (last?.verb === 'start' || (power.length === 0 && state === 'running'))
        return new Unknown('the container will only be started by the run')
      if (last) return new Unknown('the container will have been stopped by then')
      return undefined
    },
    file(path) {
      const resource = `file:${path}`
      const all = predictions<FilePrediction>(resource)
      if (all.kind === 'unknown') return all
      const gone = Math.max(goneAbove(path), own?.removed.get(path) ?? 0)
      const later = marksOf(resource)
        .filter(({ at }) => at > gone)
        .map(({ value }) => value as FilePrediction)
      const value: readonly FilePrediction[] =
        gone === 0 ? (all.kind === 'live' ? [] : all.value) : [{ kind: 'absent' }, ...later]
      if (value.length === 0) return { kind: 'live' }
      if (value.every(isAbsent)) {
        const why = brought(resource, Math.max(gone, lastAt(resource)))
        if (why) return { kind: 'unknown', unknown: why }
      }
      return { ...(all.kind === 'predicted' && all.base ? { base: all.base } : {}), kind: 'predicted', value }
    },
    below(path) {
      const prefix = path === '/' ? 'file:/' : `file:${path}/`
      const unknown = unknowns.findLast(({ pattern }) => overlaps(pattern, `${prefix}*`))
      if (unknown) return { kind: 'unknown', unknown: new Unknown(unknown.why) }
      const why = brought(`${prefix}x`, 0)
      if (why) return { kind: 'unknown', unknown: why }
      const gone = Math.max(goneAbove(path), own?.removed.get(path) ?? 0)
      const names = new Map<string, boolean>()
      for (const [resource, marks] of own?.exact ?? []) {
        const name = resource.startsWith(prefix) ? resource.slice(prefix.length) : ''
        if (name === '' || name.includes('/')) continue
        const last = marks.findLast(
          ({ at, value }) => at > gone && (value as FilePrediction).kind !== 'attributes',
        )
        if (last) names.set(name, !isAbsent(last.value))
      }
      return names.size === 0 && gone === 0
        ? { kind: 'live' }
        : { kind: 'predicted', value: { emptied: gone > 0, names } }
    },
    package: (name) => newest(`package:${name}`),
    unit: (name) => merged<UnitPrediction>(`unit:${name}`),
    bootedSinceUnit(name) {
      const last = boots.findLast(({ at }) => at > lastAt(`unit:${name}`))
      return last && new Unknown(last.why)
    },
    kernelModule: (name) => newest(`kernelModule:${name}`),
    kernel: () => newest<never>('kernel:'),
    container: (ctid) => merged(`container:${ctid}`),
    command: (name) => newest(`command:${name}`),
    absent: (resource) => brought(resource, 0),
    touches(pattern) {
      const unknown = unknowns.findLast((mark) => overlaps(mark.pattern, pattern))
      if (unknown) return new Unknown(unknown.why)
      const resources = [...(own?.exact ?? [])]
        .filter(([, marks]) => !marks.every(isParent))
        .map(([name]) => name)
      if (node)
        resources.push(
          ...[...node.exact.keys()].filter((name) => shared.some((prefix) => name.startsWith(prefix))),
        )
      const hit = resources.find((name) => overlaps(name, pattern))
      if (hit !== undefined) return new Unknown(`an earlier task changes ${hit.replace(':', ' ')}`)
      if (pattern === '*') {
        const bring = own?.brings.at(-1)
        if (bring) return new Unknown(bring.why)
      }
      return undefined
    },
  }
  return self
}

function lastStatus(node: Machine | undefined, ctid: string): string | undefined {
  const marks = node?.exact.get(`container:${ctid}`) ?? []
  return marks
    .map(({ value }) => (value as { status?: string }).status)
    .findLast((status) => status !== undefined)
}

function isParent({ value }: Mark): boolean {
  return (value as FilePrediction | undefined)?.kind === 'parent'
}

function isAbsent(value: unknown): boolean {
  return (value as FilePrediction | undefined)?.kind === 'absent'
}

/**
 * Whether an installation could bring this: packages put nothing into what belongs to the administrator, to users, to the running system or to us
 * (Filesystem Hierarchy Standard, Debian policy 9.1.2). What an installer does beyond that it has to declare as unknown.
 */
function canBeBrought(resource: string): boolean {
  if (resource.startsWith('unit:') || resource.startsWith('command:')) return true
  if (!resource.startsWith('file:')) return false
  const path = resource.slice('file:'.length)
  return !/^\/(?:dev|proc|sys|run|tmp|root|home|srv|mnt|media|usr\/local|etc\/pve|var\/tmp|var\/cache\/gpuplay|var\/lib\/gpuplay)(?:\/|$)|gpuplay/.test(
    path,
  )
}
