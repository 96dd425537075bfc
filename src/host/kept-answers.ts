/**
 * Keeps answers of machines, so that a repeated question needs no frame, until a resource that the answer
 * depends on may have changed.
 *
 * One store serves all machines of a run: a change on a node affects its containers too. A pending answer is
 * dropped like any other: its callers still get it, but later callers ask again. Failures are never kept.
 */
import type { HostName } from '../base/brand.ts'
import { isUnknown } from '../base/unknown.ts'
import type { Action } from './action.ts'
import { allEffects, type PlacedEffect } from './effects.ts'
import type { Place } from './overlay-place.ts'
import { followLinks } from './links.ts'
import { linkTarget, type RemotePath, remotePath } from './paths.ts'
import {
  type Basis,
  type Change,
  changeOf,
  type OtherNames,
  patternChange,
  touches,
} from './kept-answers-change.ts'
import type { Kinds } from './resources/all.ts'
import { shared } from './resource.ts'

/** The kept answers of one machine, for all users. */
export interface AnswersOfMachine {
  /**
   * Drops the answers that depend on a resource that the pattern matches (`resource.ts`; `*` is everything).
   */
  drop(pattern: string): void
  /**
   * Drops the answers that an action of a task of `place` may have changed, on its machine, its node and, if
   * it takes a machine down, on that machine and all its containers. Call it when the outcome is known,
   * whatever it is: later questions go to the host. If it was also called when the action was sent, the
   * answers to questions that one user asked after that can be spared.
   */
  dropFor(action: Action, place: Place, spared?: { readonly user: string }): void
  /** Drops everything: time has passed. */
  clear(): void
}

export interface KeptAnswers extends AnswersOfMachine {
  /** Returns the kept answer to a user's question, or calls `ask`. */
  answer<T>(question: AskedQuestion, basis: Basis, ask: () => Promise<T>): Promise<T>
  /**
   * Adds a link of the machine and its target without links: an action through the link changes the target.
   */
  linkAt(path: RemotePath, target: RemotePath): void
}

export interface AskedQuestion {
  /** The asking user: different users may read different files. */
  readonly user: string
  readonly key: string
}

export interface AnswerStore {
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
  /** The targets of links, by the paths that were asked. */
  readonly links: Map<string, RemotePath>
}

export function createAnswerStore(kinds?: Kinds): AnswerStore {
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
      const { place, target } = followLinks(path, (at) => links.get(at))
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

  /** Adds a link that the run has created: later actions through it change its target. */
  const learnLink = (machine: HostName, effect: PlacedEffect): void => {
    if (effect.kind !== 'file' || isUnknown(effect.becomes) || effect.becomes.kind !== 'link') return
    const { links } = pages.get(machine) ?? {}
    if (links === undefined) return
    const path = remotePath(effect.name)
    const { place } = followLinks(path, (at) => (at === path ? undefined : links.get(at)))
    const { target } = followLinks(linkTarget(place, effect.becomes.target), (at) => links.get(at))
    for (const name of [path, place]) links.set(name, target)
  }

  return {
    of(place) {
      const { kept, links } = pageOf(place)
      return {
        // The map belongs to the page: a basis is read when something is dropped.
        answer<T>({ user, key: asked }: AskedQuestion, basis: Basis, ask: () => Promise<T>): Promise<T> {
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

/** The part of a change that affects resources with one of these prefixes. */
function within(what: Change, prefixes: readonly string[]): Change | undefined {
  const exact = new Set([...what.exact].filter((name) => prefixes.some((prefix) => name.startsWith(prefix))))
  const below = what.below.flatMap((start) =>
    prefixes.flatMap((prefix) =>
      start.startsWith(prefix) ? [start] : prefix.startsWith(start) ? [prefix] : [],
    ),
  )
  return exact.size === 0 && below.length === 0 ? undefined : { everything: false, exact, below }
}
