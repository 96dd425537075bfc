/** Paths through links: which names mean the same file. */
import { linkTarget, mostLinks, parentOf, type RemotePath } from './paths.ts'

export interface Walk {
  /** Links above it followed; it may be a link itself. */
  readonly place: RemotePath
  /** All links followed. */
  readonly target: RemotePath
  /** The links on the way, each by the path without links at which it is. */
  readonly links: ReadonlyMap<RemotePath, RemotePath>
}

/** Where a path leads by the links of a host; `linkAt` gives for a path as it is written, if it is a link, where that leads, without links. */
export function walk(path: RemotePath, linkAt: (path: RemotePath) => RemotePath | undefined): Walk {
  const links = new Map<RemotePath, RemotePath>()
  let place: RemotePath = path
  let target: RemotePath | undefined
  for (const above of [...pathsAbove(path), path]) {
    place = target === undefined ? above : below(target, nameOf(above))
    target = linkAt(above)
    if (target === undefined) target = place
    else links.set(place, target)
  }
  return { place, target: target ?? path, links }
}

/** What is predicted of links, and what the host has. */
export interface LinkSight {
  /** `gone`: what is on the host now will not be there any more. */
  predicted(
    path: RemotePath,
  ): { readonly kind: 'link'; readonly target: string } | { readonly kind: 'gone' } | undefined
  /** Of a path without links. */
  live(path: RemotePath): RemotePath | undefined
}

/** Where a path will lead: predicted links first, then those of the host. With `follow` it is followed itself too. */
export function foreseenPlace(path: RemotePath, sight: LinkSight, follow: boolean, links = 0): RemotePath {
  let live = true
  for (const here of [...pathsAbove(path), path]) {
    if (here === path && !follow) return path
    const predicted = sight.predicted(here)
    if (predicted?.kind === 'gone') live = false
    const target =
      predicted?.kind === 'link' ? linkTarget(here, predicted.target) : live ? sight.live(here) : undefined
    if (target !== undefined && links < mostLinks) {
      const rest = path.slice(here.length)
      return foreseenPlace(rest === '' ? target : below(target, rest.slice(1)), sight, follow, links + 1)
    }
  }
  return path
}

/** The directories above a path from the top, `/` left out. */
export function pathsAbove(path: RemotePath): readonly RemotePath[] {
  const result: RemotePath[] = []
  for (let above = parentOf(path); above !== '/'; above = parentOf(above)) result.unshift(above)
  return result
}

function nameOf(path: RemotePath): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function below(directory: RemotePath, rest: string): RemotePath {
  return linkTarget(directory, `${directory === '/' ? '' : directory}/${rest}`)
}
