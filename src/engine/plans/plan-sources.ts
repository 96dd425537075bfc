/**
 * What a plan was made from on the controller: playbooks, roles, inventories, variables, templates and files
 * to copy. Names that do not exist count too, since a file that appears there would change the plan.
 */
import type { Digests } from '../../base/digests.ts'
import { defined, mapped } from '../../base/defined.ts'
import { HostError } from '../../base/errors.ts'
import { isSecretFile } from '../../base/secret.ts'
import type { Secrets } from '../../base/secrets.ts'
import type { ReadsFile } from '../../fleet/controller-files.ts'
import type { ControllerFiles } from '../../host/host.ts'
import type { Files, FileText, FolderNames } from '../../language/read-files.ts'
import type { PlanFileSource } from './plan-schema.ts'

export interface SourceReaders {
  readonly files: Files
  /** Files that modules read on the controller. */
  readonly controller: ControllerFiles
  readonly digests: Digests
  /** The name of the plan file, which does not count as an entry of its folder. */
  readonly planName: string
}

export interface SeenSources {
  /** The same files; everything that is read is recorded. */
  readonly files: Files
  readonly readsFile: ReadsFile
  /** Reads everything again. `secrets`: the book, complete. */
  sources(
    readers: Omit<SourceReaders, 'files'>,
    secrets: Pick<Secrets, 'holds'>,
  ): Promise<readonly PlanFileSource[]>
}

type Source = Pick<PlanFileSource, 'path' | 'as'>

export function createSeenSources(files: Files): SeenSources {
  const seen = new Map<string, Source>()
  const note = (as: PlanFileSource['as'], path: string): void => {
    seen.set(`${as} ${path}`, { path, as })
  }
  return {
    files: {
      keys: files.keys,
      read(path): FileText {
        note('text', path)
        return files.read(path)
      },
      list(path): FolderNames {
        note('folder', path)
        return files.list(path)
      },
      kind(path) {
        note('kind', path)
        return files.kind(path)
      },
    },
    readsFile: (path) => note('content', path),
    sources: (readers, secrets) =>
      Promise.all(
        [...seen.values()].map(async (source) => {
          const text = await readSource(source, { ...readers, files })
          const { digests } = readers
          // The checksum of a file to copy may be that of a secret which only its task knows.
          const isSecret = (found: string): boolean =>
            source.as === 'content' || isSecretFile(source.path) || secrets.holds(found)
          const digest = mapped(text, (found) =>
            isSecret(found) ? digests.ofSecret(found) : digests.of(found),
          )
          return { ...source, ...defined({ digest }) }
        }),
      ),
  }
}

/** Returns the paths that differ from the recorded ones. */
export async function changedSources(
  sources: readonly PlanFileSource[],
  readers: SourceReaders,
): Promise<readonly string[]> {
  const changed = new Set<string>()
  for (const source of sources) {
    const text = await readSource(source, readers)
    if (!readers.digests.matches(text, source.digest)) changed.add(source.path)
  }
  return [...changed]
}

/** Returns a text that differs if the source differs; undefined if there is no such file. */
async function readSource(
  { path, as }: Source,
  { files, controller, planName }: Omit<SourceReaders, 'digests'>,
): Promise<string | undefined> {
  switch (as) {
    case 'text': {
      const read = files.read(path)
      if (read.kind === 'missing') return undefined
      // The encrypted text, which shows every change and no secret.
      if (read.kind === 'sealed') return read.bytes.toString('base64')
      return read.kind === 'text' ? read.text : `unreadable: ${read.problem.message}`
    }
    case 'folder': {
      const read = files.list(path)
      if (read.kind === 'missing') return undefined
      const names = read.kind === 'names' ? read.names : [read.problem.message]
      return JSON.stringify(names.filter((name) => !name.startsWith('.') && name !== planName))
    }
    case 'kind':
      return files.kind(path)
    case 'content':
      return checksum(path, controller)
  }
}

async function checksum(path: string, controller: ControllerFiles): Promise<string | undefined> {
  try {
    return (await controller.file(path))?.sha256
  } catch (error) {
    if (error instanceof HostError) return `unreadable: ${error.problem.message}`
    throw error
  }
}
