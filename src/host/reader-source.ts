/** The source of all views of one host: kept answers, and the host for the others. */
import type { HostName } from '../base/brand.ts'
import type { Batcher } from './batch.ts'
import { sha256Of } from './content.ts'
import type { ControllerFiles, Placement } from './host.ts'
import type { Walk } from './links.ts'
import { linkTarget, parentOf, type RemotePath } from './paths.ts'
import type { QueryKind } from './queries/query.ts'
import { realpath } from './queries/realpath.ts'
import type { KeptAnswers, AskedQuestion } from './kept-answers.ts'
import type { Basis } from './kept-answers-change.ts'

export interface SourceOptions {
  readonly name: HostName
  readonly batcher: Batcher
  readonly kept: KeptAnswers
  /** The reading user: different users may read different files. */
  readonly user: string
  readonly placement: Placement
  readonly controller: ControllerFiles
  readonly node: ReaderSource | undefined
}

export interface ReaderSource {
  readonly name: HostName
  readonly placement: Placement
  readonly controller: ControllerFiles
  readonly node: ReaderSource | undefined
  /**
   * Returns the kept answer, or asks the host and keeps its answer until a resource that it depends on may
   * have changed.
   */
  ask<Item, Answer>(
    kind: QueryKind<Item, Answer>,
    item: Item,
    on: readonly string[],
    files?: readonly FileBasis[],
  ): Promise<Answer>
  /** Follows the links of a path on the host as it is now. */
  walk(path: RemotePath): Promise<Walk>
}

/** A file that an answer depends on. `follow`: links were followed to the end. */
export interface FileBasis {
  readonly path: RemotePath
  readonly follow: boolean
  /**
   * The suffix of the path in the names of resources: `/` for the names in a directory, `/x*` for a pattern.
   */
  readonly suffix: string
}

export function createSource(options: SourceOptions): ReaderSource {
  const { batcher, kept, user, name, placement, controller, node } = options
  const questionOf = (kind: string, item: unknown): AskedQuestion => ({
    user,
    key: `${kind} ${typeof item === 'string' ? item : sha256Of(JSON.stringify(item))}`,
  })

  const walk = (path: RemotePath): Promise<Walk> => {
    const basis: Basis = { on: [`file:${path}`], open: true }
    return kept.answer(questionOf(realpath.kind, path), basis, async () => {
      const [target, above] = await Promise.all([
        path === '/' ? undefined : batcher.query(realpath, path),
        parentOf(path) === path ? undefined : walk(parentOf(path)),
      ])
      const place = above === undefined ? path : below(above.target, path)
      const links = new Map(above?.links)
      if (target !== undefined) {
        const leads = linkTarget(path, target)
        links.set(place, leads)
        kept.linkAt(path, leads)
      }
      const walked: Walk = { place, target: links.get(place) ?? place, links }
      basis.on.push(`file:${place}`, `file:${walked.target}`, ...[...links.keys()].map((at) => `file:${at}`))
      basis.open = false
      return walked
    })
  }

  return {
    name,
    placement,
    controller,
    node,
    walk,
    ask(kind, item, on, files = []) {
      const basis: Basis = { on: [...on], open: files.length > 0 }
      return kept.answer(questionOf(kind.kind, item), basis, async () => {
        const [answer] = await Promise.all([
          batcher.query(kind, item),
          files.length > 0 ? widen(basis, files, walk) : undefined,
        ])
        return answer
      })
    },
  }
}

/**
 * Narrows the basis once the targets of the paths are known. Until then, and if they cannot be known, any
 * change of a file counts.
 */
async function widen(
  basis: Basis,
  files: readonly FileBasis[],
  walk: (path: RemotePath) => Promise<Walk>,
): Promise<void> {
  try {
    const walks = await Promise.all(files.map(async (file) => ({ file, to: await walk(file.path) })))
    for (const { file, to } of walks) {
      const names = [file.path, to.place, ...(file.follow ? [to.target] : [])]
      for (const path of new Set(names)) basis.on.push(`file:${path === '/' ? '' : path}${file.suffix}`)
      for (const at of to.links.keys()) basis.on.push(`file:${at}`)
    }
    basis.open = false
  } catch {
    // The question itself fails with the same connection, so nothing is kept.
  }
}

function below(directory: RemotePath, path: RemotePath): RemotePath {
  return linkTarget(directory, `${directory === '/' ? '' : directory}${path.slice(path.lastIndexOf('/'))}`)
}
