/**
 * Looks up the predictions for one resource in the marks of a machine and, for a container, in those of its
 * node.
 */
import { defined, mapped } from '../base/defined.ts'
import type { HostName } from '../base/brand.ts'
import { Unknown } from '../base/unknown.ts'
import { foreseenPlace, type LinkSight } from './links.ts'
import {
  freshMarks,
  isAbsent,
  learnLink,
  type MachineMarks,
  type Mark,
  type Predicted,
  makesUnknown,
  volatile,
} from './overlay-marks.ts'
import { parentOf, type RemotePath } from './paths.ts'
import { type FilePrediction, foresee } from './predicted-file.ts'
import { isShared, overlaps, type Resource } from './resource.ts'
import type { ContainerBecomes } from './resources/container.ts'

/** A machine as the overlay needs it. Changes of a node also affect its containers. */
export interface Place {
  readonly name: HostName
  readonly nodeName?: HostName | undefined
  readonly ctid?: string | undefined
}

export interface PlaceOverlay {
  /**
   * Set if the whole machine is unknown (a container that only the run starts): nothing on it can be known.
   */
  whole(): Unknown | undefined
  /** The predictions for a path without links (`resolve`). */
  file(path: RemotePath): Predicted<readonly FilePrediction[]>
  /**
   * The path to which a path will lead, through predicted links and known links of the host. With `follow`, a
   * link at the path itself is followed too.
   */
  resolve(path: RemotePath, follow: boolean): RemotePath
  /** Adds links of the host, by their paths without links. */
  learn(links: ReadonlyMap<RemotePath, RemotePath>): void
  /**
   * Names directly below a directory, with whether they will exist. `emptied`: none of the present ones will
   * remain.
   */
  below(
    path: RemotePath,
  ): Predicted<{ readonly emptied: boolean; readonly names: ReadonlyMap<string, boolean> }>
  /** All predictions for one resource, merged. */
  prediction(resource: Resource): Predicted<object>
  /** Set if a predicted boot of the machine follows the last prediction for this resource. */
  bootedSince(resource: Resource): Unknown | undefined
  /** For a resource that is absent on the host now: unknown if a predicted installation may create it. */
  absent(resource: string): Unknown | undefined
  touches(pattern: string): Unknown | undefined
}

export function placeOverlay(place: Place, machines: Map<HostName, MachineMarks>): PlaceOverlay {
  let own = machines.get(place.name)
  const node =
    place.nodeName === undefined || place.nodeName === place.name ? undefined : machines.get(place.nodeName)
  const power = (place.ctid === undefined ? undefined : node?.power.get(place.ctid)) ?? []
  /** The predicted boots of this machine, oldest first. */
  const boots = [
    ...(own?.boots ?? []),
    ...(place.ctid === undefined ? [] : (node?.boots ?? [])),
    ...power,
  ].sort((a, b) => a.at - b.at)
  const unknowns = [
    ...(own?.unknown ?? []),
    ...boots.flatMap(({ at, why }) => volatile.map((pattern) => ({ at, pattern, why, boot: true as const }))),
    ...(node?.unknown ?? []).filter(({ pattern }) => isShared(pattern)),
  ]
  const marksOf = (resource: string): readonly Mark[] => {
    const machine = node !== undefined && isShared(resource) ? node : own
    return machine?.exact.get(resource) ?? []
  }
  const lastUnknown = (pattern: string, after: number): Unknown | undefined => {
    const mark = unknowns.findLast((entry) => entry.at > after && makesUnknown(entry, pattern))
    return mark && new Unknown(mark.why)
  }

  /** The predictions for a resource, newest last, unless something later made it unknown. */
  const predictions = <T>(resource: string): Predicted<readonly T[]> => {
    const marks = marksOf(resource)
    const unknown = lastUnknown(resource, marks.at(-1)?.at ?? 0)
    if (unknown) return { kind: 'unknown', unknown }
    if (marks.length === 0) return { kind: 'live' }
    const base = unknowns.findLast((entry) => makesUnknown(entry, resource))
    const value = marks.filter(({ at }) => at > (base?.at ?? 0)).map((mark) => mark.value as T)
    return { kind: 'predicted', value, ...defined({ base: mapped(base, ({ why }) => new Unknown(why)) }) }
  }
  const lastAt = (resource: string): number => marksOf(resource).at(-1)?.at ?? 0

  const brought = (resource: string, after: number): Unknown | undefined => {
    if (resource.startsWith('file:/proc/sys/')) return broughtByModule(node ?? own)
    if (!canBeBrought(resource)) return undefined
    const mark = own?.brings.findLast(({ at }) => at > after)
    return mark && new Unknown(mark.why)
  }
  /** The number of the last removal of a directory above the path. */
  const goneAbove = (path: RemotePath): number => {
    let latest = 0
    for (let above = parentOf(path); above !== '/'; above = parentOf(above)) {
      latest = Math.max(latest, own?.removed.get(above) ?? 0)
    }
    return latest
  }

  const sight: LinkSight = {
    predicted(path) {
      const all = self.file(path)
      if (all.kind !== 'predicted') return undefined
      const { file, anew } = foresee(all.value)
      if (file?.kind === 'link') return file
      return anew || file?.kind === 'absent' ? { kind: 'gone' } : undefined
    },
    live: (path) => own?.links.get(path),
  }

  const self: PlaceOverlay = {
    whole() {
      const last = power.findLast(({ verb }) => verb !== 'restart')
      const { status, exists } = place.ctid === undefined ? {} : lastStatus(node, place.ctid)
      if (exists === false) return new Unknown('an earlier task destroys the container')
      if (last?.verb === 'start' || (power.length === 0 && status === 'running'))
        return new Unknown('only the run starts the container')
      if (exists === true) return new Unknown('only the run creates the container')
      if (last) return new Unknown('an earlier task stops the container')
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
      return {
        ...defined({ base: all.kind === 'predicted' ? all.base : undefined }),
        kind: 'predicted',
        value,
      }
    },
    resolve: (path, follow) => (own === undefined ? path : foreseenPlace(path, sight, follow)),
    learn(links) {
      if (links.size === 0) return
      const known = machines.get(place.name) ?? freshMarks()
      machines.set(place.name, known)
      for (const [at, target] of links) learnLink(known, at, target)
      own = known
    },
    below(path) {
      const prefix = path === '/' ? 'file:/' : `file:${path}/`
      const unknown = unknowns.findLast((mark) => makesUnknown(mark, `${prefix}*`))
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
    prediction(resource) {
      const all = predictions<object>(resource)
      if (all.kind !== 'predicted') return all
      return { ...all, value: all.value.reduce((before, value) => ({ ...before, ...value }), {}) }
    },
    bootedSince(resource) {
      const last = boots.findLast(({ at }) => at > lastAt(resource))
      return last && new Unknown(last.why)
    },
    absent: (resource) => brought(resource, 0),
    touches(pattern) {
      const unknown = unknowns.findLast((mark) => makesUnknown(mark, pattern))
      if (unknown) return new Unknown(unknown.why)
      const resources = [...(own?.exact ?? [])]
        .filter(([, marks]) => !marks.every(isParent))
        .map(([name]) => name)
      if (node) resources.push(...[...node.exact.keys()].filter(isShared))
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

/** Kernel parameters appear with the kernel's modules. */
function broughtByModule(machine: MachineMarks | undefined): Unknown | undefined {
  for (const [resource, marks] of machine?.exact ?? []) {
    const loaded = resource.startsWith('kernelModule:') ? marks.at(-1)?.value : undefined
    if (loaded !== undefined && (loaded as { loaded?: boolean }).loaded === true)
      return new Unknown(`the kernel module ${resource.slice('kernelModule:'.length)} may create it`)
  }
  return undefined
}

/** The last predicted state of a container on its node. */
function lastStatus(node: MachineMarks | undefined, ctid: string): ContainerBecomes {
  const marks = node?.exact.get(`container:${ctid}`) ?? []
  const values = marks.map(({ value }) => value as ContainerBecomes)
  return {
    ...defined({
      status: values.findLast(({ status }) => status !== undefined)?.status,
      exists: values.findLast(({ exists }) => exists !== undefined)?.exists,
    }),
  }
}

function isParent({ value }: Mark): boolean {
  return (value as FilePrediction | undefined)?.kind === 'parent'
}

/**
 * Whether an installation could create this. Packages put nothing into paths of the administrator, of users,
 * of the running system, of logs, of a cluster or of gpuplay (Filesystem Hierarchy Standard, Debian policy 9.1.2; drop-ins in /etc
 * belong to the administrator, systemd.unit(5)). An installer that does more must declare it as unknown.
 */
function canBeBrought(resource: string): boolean {
  // Maintainer scripts create users.
  if (/^(?:unit|command|user|group):/.test(resource)) return true
  if (!resource.startsWith('file:')) return false
  const path = resource.slice('file:'.length)
  return !/^\/(?:dev|proc|sys|run|tmp|root|home|srv|mnt|media|usr\/local|etc\/pve|etc\/corosync|var\/log|var\/lib\/pve-manager|var\/tmp|var\/cache\/gpuplay|var\/lib\/gpuplay|etc\/systemd\/system\/[^/]+\.d)(?:\/|$)|gpuplay/.test(
    path,
  )
}
