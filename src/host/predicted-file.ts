/** Answers about files from predictions and the present state of the host. */
import { HostError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { Unknown, UnknownError } from '../base/unknown.ts'
import { defined, mapped } from '../base/defined.ts'
import { revealed, sha256Of } from './content.ts'
import type { FileStatus, SeenFile } from './status.ts'

/** The predicted state of a path. */
export type PredictedFile =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'file'
      /** undefined: unknown until the run. */
      readonly text?: string | Secret
      readonly sha256?: string
      readonly size?: number
      readonly mode?: string
      readonly owner?: string
      readonly group?: string
    }
  | { readonly kind: 'directory'; readonly mode?: string; readonly owner?: string; readonly group?: string }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'character'; readonly major?: number; readonly minor?: number }

/** A prediction that may add to earlier ones: attributes alone change the present file. */
export type FilePrediction = (
  | PredictedFile
  | { readonly kind: 'attributes'; readonly mode?: string; readonly owner?: string; readonly group?: string }
  /** Something below this path will exist, so the path will be a directory. */
  | { readonly kind: 'parent' }
) & {
  /** The task's user is not root, so the owner of a new file is unknown here. */
  readonly byUser?: boolean
}

/** The predicted state of a path: the last complete prediction, and the attributes since then. */
export interface ForeseenFile {
  /** undefined: the file that is on the host now. */
  readonly file: PredictedFile | undefined
  /** The file that is on the host now will be removed first: none of its attributes are kept. */
  readonly anew: boolean
  /** The path will be a directory if nothing exists there now. */
  readonly parent: boolean
  /** A user other than root creates it, and that user is not known here. */
  readonly byUser: boolean
  readonly attributes: { readonly mode?: string; readonly owner?: string; readonly group?: string }
}

/** Predictions of one path, oldest first. */
export function foresee(predictions: readonly FilePrediction[]): ForeseenFile {
  let file: PredictedFile | undefined
  let anew = false
  let parent = false
  let byUser = false
  let attributes = {}
  for (const prediction of predictions) {
    if (prediction.kind === 'attributes') {
      const { kind: _, ...given } = prediction
      attributes = { ...attributes, ...given }
    } else if (prediction.kind === 'parent') {
      if (file === undefined ? !parent : file.kind === 'absent') byUser = prediction.byUser === true
      if (file?.kind === 'absent') file = { kind: 'directory' }
      parent = true
    } else {
      const kept =
        file === undefined ? attributes : file.kind === prediction.kind ? { ...own(file), ...attributes } : {}
      // An existing file keeps its owner.
      const made = file === undefined ? !parent : file.kind !== prediction.kind
      if (made) byUser = prediction.byUser === true
      file = prediction
      anew ||= prediction.kind === 'absent'
      attributes =
        prediction.kind === 'file' || prediction.kind === 'directory' ? { ...kept, ...own(prediction) } : {}
    }
  }
  return { file, anew, parent, byUser, attributes }
}

/** The predicted answer of `stat`; `now` is the present one. */
export function foreseenStatus(foreseen: ForeseenFile, now: SeenFile | undefined): SeenFile | undefined {
  const { file, anew, parent, byUser, attributes } = foreseen
  const live = anew ? undefined : now
  if (file === undefined) {
    const kept = live ?? (parent ? fresh('directory') : undefined)
    const named = kept && withAttributes(kept, attributes)
    return named && byUser && live === undefined ? ownedBySomeone(named, attributes) : named
  }
  if (file.kind === 'absent') return undefined
  // An existing file keeps the attributes that are not given. A link is followed, so the link itself stays as
  // it is.
  if (file.kind === 'file' && live?.kind === 'link') return live
  const kept = live?.kind === file.kind ? live : fresh(file.kind)
  const given = { ...own(file), ...attributes }
  const named = withAttributes({ ...kept, ...kindFields(file) }, given)
  const whole = file.kind === 'file' ? sized(named, file) : named
  return byUser && kept !== live ? ownedBySomeone(whole, given) : whole
}

/**
 * Owner and group that are not given are unknown: the host knows the task's user only when the run creates
 * the file.
 */
function ownedBySomeone(status: SeenFile, given: ForeseenFile['attributes']): SeenFile {
  const owner = given.owner === undefined ? ownerUnknown : undefined
  const group = given.group === undefined ? ownerUnknown : undefined
  return { ...status, ...defined({ owner, uid: owner, group, gid: group }) }
}

const ownerUnknown = new Unknown('its owner is known only after the run creates it')

function fresh(kind: PredictedFile['kind']): FileStatus {
  const known: FileStatus['kind'] = kind === 'absent' ? 'file' : kind
  const mode =
    known === 'directory' ? '0755' : known === 'link' ? '0777' : known === 'character' ? '0600' : '0644'
  return { kind: known, mode, owner: 'root', group: 'root', uid: 0, gid: 0, size: 0 }
}

function kindFields(file: PredictedFile): Partial<FileStatus> {
  if (file.kind === 'link') return { target: file.target, size: Buffer.byteLength(file.target) }
  if (file.kind !== 'character') return {}
  return defined({ major: file.major, minor: file.minor })
}

function own(file: PredictedFile): ForeseenFile['attributes'] {
  if (file.kind !== 'file' && file.kind !== 'directory') return {}
  return defined({ mode: file.mode?.padStart(4, '0'), owner: file.owner, group: file.group })
}

/** The ID of a new owner is known only for root and for owners given as numbers. */
function withAttributes(status: SeenFile, { mode, owner, group }: ForeseenFile['attributes']): SeenFile {
  return {
    ...status,
    ...defined({
      mode: mode?.padStart(4, '0'),
      owner,
      uid: mapped(owner, (name) => idOf(name, status.owner, status.uid)),
      group,
      gid: mapped(group, (name) => idOf(name, status.group, status.gid)),
    }),
  }
}

function idOf(name: string, before: string | Unknown, idBefore: number | Unknown): number | Unknown {
  if (name === before) return idBefore
  if (name === 'root') return 0
  return /^[0-9]+$/.test(name) ? Number(name) : idUnknown
}

const idUnknown = new Unknown('the ID of a new owner is known only after the run sets it')

function sized(status: SeenFile, file: Extract<PredictedFile, { kind: 'file' }>): SeenFile {
  if (file.text !== undefined) return { ...status, size: Buffer.byteLength(revealed(file.text)) }
  return { ...status, size: file.size ?? contentUnknown }
}

const contentUnknown = new Unknown('its content is known only when the run writes it')

/** The predicted answer of `text`. @throws UnknownError; HostError if the path is not a file */
export function foreseenText(path: string, file: PredictedFile): string | undefined {
  if (file.kind === 'absent') return undefined
  if (file.kind !== 'file')
    throw new HostError({ code: 'read-failed', message: `cannot read ${path}: it will be a ${file.kind}` })
  if (file.text === undefined) throw new UnknownError(contentUnknown)
  return revealed(file.text)
}

/** The predicted answer of `hash`. @throws UnknownError; HostError if the path is not a file */
export function foreseenHash(path: string, file: PredictedFile): string | undefined {
  if (file.kind === 'file' && file.sha256 !== undefined) return file.sha256
  const content = foreseenText(path, file)
  return content === undefined ? undefined : sha256Of(content)
}
