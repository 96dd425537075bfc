import { defined } from '../base/defined.ts'
import { isUnknown, UnknownError } from '../base/unknown.ts'
import { sha256Of } from './content.ts'
import type { FileStatus, Host, SeenFile } from './host.ts'
import type { PlaceOverlay } from './overlay-place.ts'
import { mostLinks, type RemotePath, remotePath } from './paths.ts'
import { foresee, type ForeseenFile, foreseenHash, foreseenStatus, foreseenText } from './predicted-file.ts'
import * as files from './queries/file-queries.ts'
import { refuseIf, seen, type Sighting, type ReadContext } from './reader-context.ts'
import { resource } from './resource.ts'

type FileReads = Pick<Host, 'stat' | 'text' | 'hash' | 'list' | 'space'>

/** The target of a path, and its predictions. */
interface Located<Live> {
  readonly view: PlaceOverlay | undefined
  /** The path without predicted and present links. */
  readonly at: RemotePath
  /** Asks the host now. */
  live(): Promise<Live>
  /** The prediction; undefined if the host's answer applies. */
  readonly foreseen: ForeseenFile | undefined
  /** The sighting if nothing is there. A path that is itself a link is not absent. */
  readonly nothing: 'absent' | 'nothing'
}

export function createFileReads({ source, overlay, saw }: ReadContext): FileReads {
  const sawFile = (path: RemotePath, sighting: Sighting): void => saw(resource('file', path), sighting)

  const locate = async <Live>(
    path: RemotePath,
    follow: boolean,
    ask: (path: RemotePath) => Promise<Live>,
  ): Promise<Located<Live>> => {
    const view = overlay()
    if (view === undefined) {
      const live = (): Promise<Live> => ask(path)
      return { view, at: path, live, foreseen: undefined, nothing: follow ? 'nothing' : 'absent' }
    }
    // Sent in the same frame as the links of the path: usually it is the answer.
    const early = view.file(path).kind === 'live' ? ask(path) : undefined
    early?.catch(() => undefined)
    const { at, asked } = await follows(view, path, follow)
    return {
      view,
      at,
      live: () => (asked === path && early ? early : ask(asked)),
      foreseen: foresight(view, at),
      nothing: follow && view.resolve(path, false) !== at ? 'nothing' : 'absent',
    }
  }

  /** The place to which a path will lead, and the path under which the host has it now. */
  const follows = async (
    view: PlaceOverlay,
    path: RemotePath,
    follow: boolean,
  ): Promise<{ at: RemotePath; asked: RemotePath }> => {
    let asked = path
    for (let hops = 0; hops < mostLinks; hops += 1) {
      const walk = await source.walk(asked)
      view.learn(walk.links)
      const at = view.resolve(asked, follow)
      if (at === (follow ? walk.target : walk.place)) return { at, asked }
      asked = at
    }
    return { at: asked, asked }
  }

  const stat = async (path: RemotePath, follow: boolean): Promise<SeenFile | undefined> => {
    const kind = follow ? files.statFollow : files.stat
    const found = await locate(path, follow, (asked) =>
      source.ask(kind, asked, [`above:${asked}`], [{ path: asked, follow, suffix: '' }]),
    )
    const { foreseen, nothing } = found
    const predicted = foreseen !== undefined
    const live = foreseen?.anew === true ? undefined : await found.live()
    const status = foreseen ? foreseenStatus(foreseen, live) : orBrought(found, live)
    const whole = status !== undefined && isWhole(status) ? status : undefined
    sawFile(path, {
      content: status === undefined ? (predicted ? nothing : follow ? 'nothing' : 'absent') : 'present',
      ...defined({ status: follow ? undefined : whole, reached: follow ? whole : undefined }),
      predicted,
    })
    return status
  }

  return {
    stat: async (path, options) => stat(remotePath(path), options?.follow === true),
    async text(given) {
      const path = remotePath(given)
      const found = await locate(path, true, (asked) =>
        source.ask(files.text, asked, [], [{ path: asked, follow: true, suffix: '' }]),
      )
      const { foreseen, nothing, at } = found
      if (foreseen?.file) {
        const text = foreseenText(at, foreseen.file)
        sawFile(path, { content: text === undefined ? nothing : `sha256:${sha256Of(text)}`, predicted: true })
        return text
      }
      const answer = orBrought(found, await found.live())
      sawFile(path, {
        content: answer ? `sha256:${answer.sha256}` : 'nothing',
        ...defined({ lossyLine: answer?.lossyLine }),
      })
      return answer?.text
    },
    async hash(given) {
      const path = remotePath(given)
      const found = await locate(path, true, (asked) =>
        source.ask(files.hash, asked, [], [{ path: asked, follow: true, suffix: '' }]),
      )
      const { foreseen, nothing, at } = found
      if (foreseen?.file) {
        const hash = foreseenHash(at, foreseen.file)
        sawFile(path, { content: hash === undefined ? nothing : `sha256:${hash}`, predicted: true })
        return hash
      }
      const answer = orBrought(found, await found.live())
      sawFile(path, { content: answer === undefined ? 'nothing' : `sha256:${answer}` })
      return answer
    },
    async list(given) {
      const path = remotePath(given)
      const found = await locate(path, true, (asked) =>
        source.ask(
          files.list,
          asked,
          [`above:${asked}`],
          [
            { path: asked, follow: true, suffix: '' },
            { path: asked, follow: true, suffix: '/' },
          ],
        ),
      )
      const { foreseen, at, view } = found
      const below = view?.below(at) ?? { kind: 'live' as const }
      if (below.kind === 'unknown') throw new UnknownError(below.unknown)
      const live = foreseen?.anew === true ? undefined : await found.live()
      saw(resource('file', `${path}/`), { ...seen(live), predicted: below.kind === 'predicted' })
      if (foreseen?.file?.kind === 'absent') return undefined
      const made = foreseen?.file !== undefined || foreseen?.parent === true
      const before = live ?? (made ? [] : undefined)
      if (below.kind === 'live') return made ? before : orBrought(found, before)
      const names = new Set(below.value.emptied ? [] : before)
      for (const [name, present] of below.value.names) {
        if (present) names.add(name)
        else names.delete(name)
      }
      return before === undefined && names.size === 0 ? undefined : [...names].sort()
    },
    async space(given) {
      const path = remotePath(given)
      refuseIf(overlay()?.touches(resource('space', path)))
      return source.ask(files.space, path, [`space:${path}`])
    },
  }
}

/** The prediction for a path; undefined if the host has to answer. @throws UnknownError */
function foresight(view: PlaceOverlay, path: RemotePath): ForeseenFile | undefined {
  const all = view.file(path)
  if (all.kind === 'live') return undefined
  if (all.kind === 'unknown') throw new UnknownError(all.unknown)
  const foreseen = foresee(all.value)
  if (foreseen.file === undefined && all.base) throw new UnknownError(all.base)
  return foreseen
}

/** A file that is absent now is unknown if a predicted installation may create it. */
function orBrought<T>({ view, at }: Located<unknown>, answer: T | undefined): T | undefined {
  if (answer === undefined) refuseIf(view?.absent(resource('file', at)))
  return answer
}

function isWhole(status: SeenFile): status is FileStatus {
  return !Object.values(status).some(isUnknown)
}
