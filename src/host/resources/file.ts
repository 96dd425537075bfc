import { isUnknown, type Unknown } from '../../base/unknown.ts'
import { defined } from '../../base/defined.ts'
import { revealed, sha256Of } from '../content.ts'
import { pathsAbove } from '../links.ts'
import { type RemotePath, remotePath } from '../paths.ts'
import type { FilePrediction, PredictedFile } from '../predicted-file.ts'
import type { SeenFile } from '../status.ts'
import { type ChangeKind, type Difference, fieldDifferences, type Reads } from './kind.ts'

export type FileBecomes = PredictedFile | Unknown

/** The state of a path after the change. */
export interface FoundFile {
  readonly status: SeenFile | undefined
  /** Set if the checksum was read. */
  readonly sha256: string | undefined
}

/** A file, directory, link or device by its path. `predicted-file.ts` answers reads of predicted files. */
export const fileKind: ChangeKind<'file', FoundFile, FileBecomes, RemotePath, FilePrediction> = {
  kind: 'file',
  word: '',
  key: remotePath,
  partial: (becomes) => !isUnknown(becomes) && (becomes.kind === 'file' || becomes.kind === 'directory'),
  unforeseen: (becomes) => (isUnknown(becomes) ? becomes : undefined),
  predicted(becomes, byUser) {
    if (isUnknown(becomes)) throw new Error('an unknown value is not a prediction')
    return { ...becomes, byUser }
  },
  /** Predicts the directories above the path. */
  brings(path, prediction) {
    if (prediction.kind === 'absent') return []
    return pathsAbove(remotePath(path)).map((above) => ({ key: above, prediction: parent(prediction) }))
  },
  empties: (becomes) => !isUnknown(becomes) && becomes.kind === 'absent',
  async look(reads: Reads, path, becomes): Promise<FoundFile> {
    const follow = !isUnknown(becomes) && (becomes.kind === 'file' || becomes.kind === 'directory')
    const status = await reads.stat(path, { follow })
    const hashed = status?.kind === 'file' && contentOf(becomes) !== undefined
    return { status, sha256: hashed ? await reads.hash(path) : undefined }
  },
  differences(becomes, { status, sha256 }) {
    if (isUnknown(becomes)) return []
    const kind = status?.kind ?? 'absent'
    if (kind !== becomes.kind) return [{ field: 'kind', wanted: becomes.kind, seen: kind }]
    if (becomes.kind === 'absent') return []
    const { kind: _kind, ...rest } = becomes
    const { text: _text, ...wanted } = { text: undefined, ...rest }
    const content = contentOf(becomes)
    return fieldDifferences({ ...wanted, ...defined({ sha256: content }) }, { ...status, sha256 }).filter(
      (difference) => !isSame(difference, status),
    )
  },
  /**
   * Everything below the path, the names in its directory, and the directories above it, which may be new.
   */
  concerns(path) {
    const above = pathsAbove(remotePath(path)).flatMap((directory) => [
      `above:${directory}`,
      `file:${directory}/`,
    ])
    // Programs and units (systemd.unit(5)) are files too.
    const program = `command:${path.slice(path.lastIndexOf('/') + 1)}`
    const units = path.includes('/systemd/') ? ['unit:*'] : []
    return [`file:${path}/*`, program, 'above:/', 'file://', ...above, ...units]
  },
  held: true,
}

function parent({ byUser }: FilePrediction): FilePrediction {
  return { kind: 'parent', byUser: byUser === true }
}

/** The predicted checksum. Only the checksum is compared and shown, because content is secret or long. */
function contentOf(becomes: FileBecomes): string | undefined {
  if (isUnknown(becomes) || becomes.kind !== 'file') return undefined
  return becomes.text === undefined ? becomes.sha256 : sha256Of(revealed(becomes.text))
}

/** Accepts short modes and numeric owners. */
function isSame({ field, wanted, seen }: Difference, status: SeenFile | undefined): boolean {
  if (field === 'mode') return typeof wanted === 'string' && wanted.padStart(4, '0') === seen
  const id = field === 'owner' ? status?.uid : field === 'group' ? status?.gid : undefined
  return typeof id === 'number' && String(id) === wanted
}
