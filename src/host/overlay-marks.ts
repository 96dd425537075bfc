/** The predictions for one machine, as marks with increasing numbers. */
import type { Unknown } from '../base/unknown.ts'
import type { PlacedEffect } from './effects.ts'
import type { RemotePath } from './paths.ts'
import type { FilePrediction } from './predicted-file.ts'
import { overlaps } from './resource.ts'

/** `live`: nothing is predicted, so the host answers. */
export type Predicted<T> =
  | { readonly kind: 'live' }
  | { readonly kind: 'unknown'; readonly unknown: Unknown }
  /** `base`: fields that the prediction does not name are unknown; without it they are as on the host. */
  | { readonly kind: 'predicted'; readonly value: T; readonly base?: Unknown }

export interface Mark<T = unknown> {
  readonly at: number
  readonly value: T
}

export interface UnknownMark {
  readonly at: number
  readonly pattern: string
  readonly why: string
  /** Set for what a boot makes unknown. */
  readonly boot?: true
}

/** The predictions for one machine. */
export interface MachineMarks {
  /** By resource: the predictions since the last complete one, oldest first. */
  readonly exact: Map<string, readonly Mark[]>
  readonly unknown: UnknownMark[]
  readonly brings: { readonly at: number; readonly why: string }[]
  readonly boots: { readonly at: number; readonly why: string }[]
  /** The number of the last removal of a path with everything below it. */
  readonly removed: Map<string, number>
  /** Links of the host that reads have met: their targets, by their paths without links. */
  readonly links: Map<RemotePath, RemotePath>
  /** For the containers of this node. */
  readonly power: Map<string, { readonly at: number; readonly verb: string; readonly why: string }[]>
  afterBoot: PlacedEffect[]
}

/** Paths that every boot recreates. */
export const volatile = ['file:/dev/*', 'file:/run/*', 'file:/proc/*', 'file:/sys/*', 'file:/tmp/*']

const pciAddress = '[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-9]'
const pciDevice = new RegExp(
  `^file:/sys/(bus/pci/devices|devices/pci[^*]*)/${pciAddress}(/(vendor|device|class|physfn))?$`,
)

/** Which PCI devices there are: every boot recreates these files as they were. Their drivers are not among them. */
export function outlastsBoots(resource: string): boolean {
  return /^file:\/sys\/bus\/pci\/devices(\/\*)?$/.test(resource) || pciDevice.test(resource)
}

/** Whether a mark makes a resource, or one that a pattern means, unknown. */
export function makesUnknown({ pattern, boot }: UnknownMark, resource: string): boolean {
  return overlaps(pattern, resource) && !(boot === true && outlastsBoots(resource))
}

export function freshMarks(): MachineMarks {
  return {
    exact: new Map(),
    unknown: [],
    brings: [],
    boots: [],
    removed: new Map(),
    links: new Map(),
    power: new Map(),
    afterBoot: [],
  }
}

/** Moves predictions under the name of a link, made before the link was known, to the link's target. */
export function learnLink({ links, exact }: MachineMarks, at: RemotePath, target: RemotePath): void {
  if (links.get(at) === target) return
  links.set(at, target)
  for (const [name, marks] of Array.from(exact)) {
    if (name !== `file:${at}` && !name.startsWith(`file:${at}/`)) continue
    // A prediction that replaces the link itself stays.
    if (name === `file:${at}` && marks.some(({ value }) => replacesLink(value))) continue
    const other = `file:${target === '/' ? '' : target}${name.slice(`file:${at}`.length)}`
    exact.delete(name)
    exact.set(
      other,
      [...(exact.get(other) ?? []), ...marks].sort((a, b) => a.at - b.at),
    )
  }
}

function replacesLink(value: unknown): boolean {
  const kind = (value as FilePrediction | undefined)?.kind
  return kind === 'link' || kind === 'absent'
}

export function isAbsent(value: unknown): boolean {
  return (value as FilePrediction | undefined)?.kind === 'absent'
}
