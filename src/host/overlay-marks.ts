/** What is predicted of one machine, as marks with numbers that only grow. */
import type { Unknown } from '../base/unknown.ts'
import type { PlacedEffect } from './effects.ts'
import type { RemotePath } from './paths.ts'
import type { FilePrediction } from './predicted-file.ts'

/** `live`: nothing was predicted, the host answers. */
export type Predicted<T> =
  | { readonly kind: 'live' }
  | { readonly kind: 'unknown'; readonly unknown: Unknown }
  /** `base`: what the prediction does not name was unknown before it; otherwise it is as on the host. */
  | { readonly kind: 'predicted'; readonly value: T; readonly base?: Unknown }

export interface Mark<T = unknown> {
  readonly at: number
  readonly value: T
}

/** What is known of one machine. */
export interface MachineMarks {
  /** By resource; the predictions since the last that says all, oldest first. */
  readonly exact: Map<string, readonly Mark[]>
  readonly unknown: { readonly at: number; readonly pattern: string; readonly why: string }[]
  readonly brings: { readonly at: number; readonly why: string }[]
  readonly boots: { readonly at: number; readonly why: string }[]
  /** When a path was last removed, with all below it. */
  readonly removed: Map<string, number>
  /** Links of the host, as far as reads have met them: by their path without links, where they lead. */
  readonly links: Map<RemotePath, RemotePath>
  /** For the containers of this machine. */
  readonly power: Map<string, { readonly at: number; readonly verb: string; readonly why: string }[]>
  afterBoot: PlacedEffect[]
}

/** What a boot makes anew, whatever was there before. */
export const volatile = ['file:/dev/*', 'file:/run/*', 'file:/proc/*', 'file:/sys/*', 'file:/tmp/*']

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

/** What was predicted by the name of a link, before it was known to be one, is true of what the link leads to. */
export function learnLink({ links, exact }: MachineMarks, at: RemotePath, target: RemotePath): void {
  if (links.get(at) === target) return
  links.set(at, target)
  for (const [name, marks] of Array.from(exact)) {
    if (name !== `file:${at}` && !name.startsWith(`file:${at}/`)) continue
    // What replaces the link itself stays.
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
