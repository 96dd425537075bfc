/** What the views of one host read from: answers that are kept, and the host for all others. */
import type { HostName } from '../base/brand.ts'
import type { Batcher } from './batch.ts'
import { sha256Of } from './content.ts'
import type { ControllerFiles, Placement } from './host.ts'
import type { Walk } from './links.ts'
import { linkTarget, parentOf, type RemotePath } from './paths.ts'
import type { QueryKind } from './queries/query.ts'
import { realpath } from './queries/realpath.ts'
import type { KeptAnswers, Question } from './readings.ts'
import type { Basis } from './readings-change.ts'

export interface SourceOptions {
  readonly name: HostName
  readonly batcher: Batcher
  readonly kept: KeptAnswers
  /** Who reads: what one user may read another may not. */
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
  /** The kept answer, or else that of the host, kept until something may have changed what it rests on. */
  ask<Item, Answer>(
    kind: QueryKind<Item, Answer>,
    item: Item,
    on: readonly string[],
    files?: readonly FileBasis[],
  ): Promise<Answer>
  /** Where a path leads on the host now. */
  walk(path: RemotePath): Promise<Walk>
}

/**
 * A file that an answer rests on: `follow` says whether links were followed to the end; `start` is what all
 * names begin with, for a pattern.
 */
export interface FileBasis {
  readonly path: RemotePath
  readonly follow: boolean
  /**
   * What stands behind the path in the names of resources: `/` for the names in a directory, `/x*` for a
   * pattern.
   */
  readonly suffix: string
}

export function createSource(options: SourceOptions): ReaderSource {
  const { batcher, kept, user, name, placement, controller, node } = options
  const questionOf = (kind: string, item: unknown): Question => ({
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
 * Once it is known where the paths lead; until then, and where it cannot be known, any change of a file
 * counts.
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
    // The question itself fails with the same connection, and nothing is kept.
  }
}

function below(directory: RemotePath, path: RemotePath): RemotePath {
  return linkTarget(directory, `${directory === '/' ? '' : directory}${path.slice(path.lastIndexOf('/'))}`)
}
