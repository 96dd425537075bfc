/** Resolves paths through links: different names of one file. */
import { linkTarget, mostLinks, parentOf, type RemotePath } from './paths.ts'

export interface Walk {
  /** The path with the links above it followed; it may be a link itself. */
  readonly place: RemotePath
  /** The path with all links followed. */
  readonly target: RemotePath
  /** The links on the way, by their own paths without links. */
  readonly links: ReadonlyMap<RemotePath, RemotePath>
}

/**
 * Follows a path through the links of a host. If a path is a link, `linkAt` returns its target without links.
 */
export function followLinks(path: RemotePath, linkAt: (path: RemotePath) => RemotePath | undefined): Walk {
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

/** The predicted links, and those of the host. */
export interface LinkSight {
  /** `gone`: the file that is on the host now will be removed. */
  predicted(
    path: RemotePath,
  ): { readonly kind: 'link'; readonly target: string } | { readonly kind: 'gone' } | undefined
  /** The target of a path without links. */
  live(path: RemotePath): RemotePath | undefined
}

/**
 * The place to which a path will lead: predicted links first, then those of the host. With `follow`, a link
 * at the path itself is followed too.
 */
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

/** The directories above a path from the top, without `/`. */
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
