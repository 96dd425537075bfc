import { UnknownError } from '../base/unknown.ts'
import type { FileStatus, Host } from './host.ts'
import type { PlaceOverlay } from './overlay-place.ts'
import { linkTarget, mostLinks, remotePath, type RemotePath } from './paths.ts'
import { foresee, type Foreseen, foreseenHash, foreseenStatus, foreseenText } from './predicted-file.ts'
import * as files from './queries/files.ts'
import { fingerprintOf, type ViewContext } from './reader-context.ts'
import { resource } from './resource.ts'

type FileReads = Pick<Host, 'stat' | 'text' | 'hash' | 'list' | 'space'>

export function createFileReads({ source, overlay, saw }: ViewContext): FileReads {
  const { batcher } = source
  const sawFile = (path: RemotePath, fingerprint: string): void => saw(resource('file', path), fingerprint)

  const liveStat = async (path: RemotePath, follow: boolean): Promise<FileStatus | undefined> => {
    const status = await batcher.query(follow ? files.statFollow : files.stat, path)
    sawFile(path, status ? 'present' : follow ? 'nothing' : 'absent')
    return status
  }

  const stat = async (path: RemotePath, follow: boolean, links = 0): Promise<FileStatus | undefined> => {
    const view = overlay()
    const foreseen = foresight(view, path)
    if (!foreseen) return orBrought(view, path, await liveStat(path, follow))
    sawFile(path, 'predicted')
    if (follow && foreseen.file?.kind === 'link') {
      return links < mostLinks ? stat(linkTarget(path, foreseen.file.target), follow, links + 1) : undefined
    }
    return foreseenStatus(foreseen, await liveStat(path, follow))
  }

  return {
    stat: async (path, options) => stat(remotePath(path), options?.follow === true),
    async text(given) {
      const view = overlay()
      const path = throughLinks(view, remotePath(given))
      const foreseen = foresight(view, path)
      if (foreseen?.file) {
        sawFile(path, 'predicted')
        return foreseenText(path, foreseen.file)
      }
      const answer = await batcher.query(files.text, path)
      sawFile(path, answer ? `sha256:${answer.sha256}` : 'nothing')
      return orBrought(view, path, answer)?.text
    },
    async hash(given) {
      const view = overlay()
      const path = throughLinks(view, remotePath(given))
      const foreseen = foresight(view, path)
      if (foreseen?.file) {
        sawFile(path, 'predicted')
        return foreseenHash(path, foreseen.file)
      }
      const answer = await batcher.query(files.hash, path)
      sawFile(path, answer === undefined ? 'nothing' : `sha256:${answer}`)
      return orBrought(view, path, answer)
    },
    async list(given) {
      const path = remotePath(given)
      const view = overlay()
      const itself = foresight(view, path)
      const below = view?.below(path) ?? { kind: 'live' as const }
      if (below.kind === 'unknown') throw new UnknownError(below.unknown)
      const live = await batcher.query(files.list, path)
      saw(resource('file', `${path}/`), fingerprintOf(live))
      if (itself?.file?.kind === 'absent') return undefined
      const made = itself?.file !== undefined || itself?.parent === true
      const before = live ?? (made ? [] : undefined)
      if (below.kind === 'live') return made ? before : orBrought(view, path, before)
      const names = new Set(below.value.emptied ? [] : before)
      for (const [name, present] of below.value.names) {
        if (present) names.add(name)
        else names.delete(name)
      }
      return before === undefined && names.size === 0 ? undefined : [...names].sort()
    },
    async space(given) {
      const path = remotePath(given)
      const unknown = overlay()?.touches(resource('space', path))
      if (unknown) throw new UnknownError(unknown)
      return batcher.query(files.space, path)
    },
  }
}

/** What was predicted of a path; undefined when the host is to be asked. @throws UnknownError */
function foresight(view: PlaceOverlay | undefined, path: RemotePath): Foreseen | undefined {
  const all = view?.file(path)
  if (all === undefined || all.kind === 'live') return undefined
  if (all.kind === 'unknown') throw new UnknownError(all.unknown)
  const foreseen = foresee(all.value)
  if (foreseen.file === undefined && all.base) throw new UnknownError(all.base)
  return foreseen
}

/** Where a path leads by the links that are predicted; those of the host itself its own programs follow. */
function throughLinks(view: PlaceOverlay | undefined, path: RemotePath, links = 0): RemotePath {
  const foreseen = foresight(view, path)
  return foreseen?.file?.kind === 'link' && links < mostLinks
    ? throughLinks(view, linkTarget(path, foreseen.file.target), links + 1)
    : path
}

/** What is absent on the host now and may come with a predicted installation is unknown. */
function orBrought<T>(
  view: PlaceOverlay | undefined,
  path: RemotePath,
  answer: T | undefined,
): T | undefined {
  if (answer !== undefined) return answer
  const unknown = view?.absent(resource('file', path))
  if (unknown) throw new UnknownError(unknown)
  return undefined
}
