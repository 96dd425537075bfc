/**
 * Answers of machines that are kept, so that who asks the same again gets them without a frame, until
 * something may have changed what they rest on.
 *
 * One book for all machines of a run: what happens on a node touches its containers too. An answer that is
 * still under way is dropped like any other: who waits for it gets it, and who asks later asks again.
 * Failures are never kept.
 */
import type { HostName } from '../base/brand.ts'
import { isUnknown } from '../base/unknown.ts'
import type { Action } from './action.ts'
import { allEffects, type PlacedEffect } from './effects.ts'
import type { Place } from './overlay-place.ts'
import { walk } from './links.ts'
import { linkTarget, type RemotePath, remotePath } from './paths.ts'
import {
  type Basis,
  type Change,
  changeOf,
  type OtherNames,
  patternChange,
  touches,
} from './readings-change.ts'
import type { Kinds } from './resources/all.ts'
import { shared } from './resource.ts'

/** What is kept of one machine, whoever asked. */
export interface Readings {
  /** Forgets what rests on anything that the pattern may mean (`resource.ts`; `*` is everything). */
  drop(pattern: string): void
  /**
   * Forgets what an action of a task of `place` may have changed, on its machine, its node and, where it
   * takes a machine down, on that with all its containers. Call it when the outcome is known, whatever it is:
   * what is asked from then on is asked of the host. Where it was called when the action was on its way, what
   * one user has asked behind it since may be spared.
   */
  dropFor(action: Action, place: Place, spared?: { readonly user: string }): void
  /** Forgets everything: time has passed. */
  clear(): void
}

export interface KeptAnswers extends Readings {
  /** The kept answer to a question of a user, or the one that `ask` gets now. */
  answer<T>(question: Question, basis: Basis, ask: () => Promise<T>): Promise<T>
  /**
   * A link of the machine, and where it leads, without links: what is done through it changes what is there.
   */
  linkAt(path: RemotePath, target: RemotePath): void
}

export interface Question {
  /** Who asks: what one user may read another may not. */
  readonly user: string
  readonly key: string
}

export interface ReadingsBook {
  of(place: Place): KeptAnswers
}

interface Kept {
  readonly user: string
  readonly basis: Basis
  readonly answer: Promise<unknown>
}

interface Page {
  readonly place: Place
  readonly kept: Map<string, Kept>
  /** Where links lead, by path as it was asked. */
  readonly links: Map<string, RemotePath>
}

export function createReadings(kinds?: Kinds): ReadingsBook {
  const pages = new Map<HostName, Page>()

  const pageOf = (place: Place): Page => {
    const present = pages.get(place.name)
    if (present) return present
    const page: Page = { place, kept: new Map(), links: new Map() }
    pages.set(place.name, page)
    return page
  }

  const containersOf = (node: HostName, ctid?: string): readonly Page[] =>
    [...pages.values()].filter(
      ({ place }) =>
        place.nodeName === node &&
        place.name !== node &&
        place.ctid !== undefined &&
        (ctid === undefined || place.ctid === ctid),
    )

  const change = (machine: HostName, what: Change, spared?: { readonly user: string }): void => {
    const page = pages.get(machine)
    if (page) strike(page, what, spared)
    const common = what.everything ? what : within(what, shared)
    if (common) for (const container of containersOf(machine)) strike(container, common)
  }

  const down = (machine: HostName, ctid?: string): void => {
    const pagesDown = containersOf(machine, ctid)
    for (const { kept } of pagesDown) kept.clear()
    if (ctid === undefined) pages.get(machine)?.kept.clear()
  }

  const namesOn = (machine: HostName): OtherNames => {
    const links = pages.get(machine)?.links ?? new Map<string, RemotePath>()
    return (path) => {
      if (links.size === 0) return []
      const { place, target } = walk(path, (at) => links.get(at))
      return [...new Set([place, target])].filter((name) => name !== path)
    }
  }

  const dropFor = (action: Action, place: Place, spared?: { readonly user: string }): void => {
    const node = place.nodeName ?? place.name
    const at = { host: place.name, node }
    if (action.kind === 'reboot') down(at[action.on ?? 'host'])
    if (action.kind === 'containerPower') down(at[action.on ?? 'host'], action.ctid)
    for (const on of ['host', 'node'] as const) {
      const what = changeOf(action, on, { names: namesOn(at[on]), kinds })
      if (what) change(at[on], what, spared)
    }
    for (const effect of allEffects(action)) learnLink(at[effect.on], effect)
  }

  /** What is done later through a link that the run has made changes what is there. */
  const learnLink = (machine: HostName, effect: PlacedEffect): void => {
    if (effect.kind !== 'file' || isUnknown(effect.becomes) || effect.becomes.kind !== 'link') return
    const { links } = pages.get(machine) ?? {}
    if (links === undefined) return
    const path = remotePath(effect.name)
    const { place } = walk(path, (at) => (at === path ? undefined : links.get(at)))
    const { target } = walk(linkTarget(place, effect.becomes.target), (at) => links.get(at))
    for (const name of [path, place]) links.set(name, target)
  }

  return {
    of(place) {
      const { kept, links } = pageOf(place)
      return {
        // The map is the page's own: a basis is read when something is dropped.
        answer<T>({ user, key: asked }: Question, basis: Basis, ask: () => Promise<T>): Promise<T> {
          const key = `${user} ${asked}`
          const present = kept.get(key)
          if (present) return present.answer as Promise<T>
          const answer = ask()
          const entry: Kept = { user, basis, answer }
          kept.set(key, entry)
          answer.catch(() => {
            if (kept.get(key) === entry) kept.delete(key)
          })
          return answer
        },
        drop: (pattern) => change(place.name, patternChange(pattern, namesOn(place.name))),
        dropFor,
        linkAt: (path, target) => void links.set(path, target),
        clear: () => kept.clear(),
      }
    },
  }
}

function strike({ kept }: Page, what: Change, spared?: { readonly user: string }): void {
  for (const [key, { basis, user }] of kept)
    if (user !== spared?.user && touches(what, basis)) kept.delete(key)
}

/** The part of a change that concerns what begins with one of these. */
function within(what: Change, prefixes: readonly string[]): Change | undefined {
  const exact = new Set([...what.exact].filter((name) => prefixes.some((prefix) => name.startsWith(prefix))))
  const below = what.below.flatMap((start) =>
    prefixes.flatMap((prefix) =>
      start.startsWith(prefix) ? [start] : prefix.startsWith(start) ? [prefix] : [],
    ),
  )
  return exact.size === 0 && below.length === 0 ? undefined : { everything: false, exact, below }
}
