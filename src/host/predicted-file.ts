/** Answers about files from what was predicted of them, laid over what the host says. */
import { HostError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { Unknown, UnknownError } from '../base/unknown.ts'
import { given } from '../base/given.ts'
import { revealed, sha256Of } from './content.ts'
import type { FileStatus, SeenFile } from './status.ts'

/** What a path becomes. */
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

/** Later predictions of the same file: attributes alone are laid over what is there. */
export type FilePrediction = (
  | PredictedFile
  | { readonly kind: 'attributes'; readonly mode?: string; readonly owner?: string; readonly group?: string }
  /** Something below it will be there, and so will it be, as a directory. */
  | { readonly kind: 'parent' }
) & {
  /** Who acts is not root: what is made belongs to nobody that could be named here. */
  readonly byUser?: boolean
}

/** What the path will be: the last prediction that says all, and the attributes that were laid over it since. */
export interface Foreseen {
  /** undefined: what is on the host now. */
  readonly file: PredictedFile | undefined
  /** What is on the host now will be gone before it: nothing of that is kept. */
  readonly anew: boolean
  /** It will be a directory if there is nothing now. */
  readonly parent: boolean
  /** Whoever makes it is not root, and who that is, is not known here. */
  readonly byUser: boolean
  readonly attributes: { readonly mode?: string; readonly owner?: string; readonly group?: string }
}

/** Predictions of one path, oldest first. */
export function foresee(predictions: readonly FilePrediction[]): Foreseen {
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
      // What is there already keeps its owner.
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

/** What `stat` will say; `live` is what it says now. */
export function foreseenStatus(foreseen: Foreseen, now: SeenFile | undefined): SeenFile | undefined {
  const { file, anew, parent, byUser, attributes } = foreseen
  const live = anew ? undefined : now
  if (file === undefined) {
    const kept = live ?? (parent ? fresh('directory') : undefined)
    const named = kept && withAttributes(kept, attributes)
    return named && byUser && live === undefined ? ownedBySomeone(named, attributes) : named
  }
  if (file.kind === 'absent') return undefined
  // A file that exists keeps what is not given, and a link is followed: what the link is stays as it is.
  if (file.kind === 'file' && live?.kind === 'link') return live
  const kept = live?.kind === file.kind ? live : fresh(file.kind)
  const given = { ...own(file), ...attributes }
  const named = withAttributes({ ...kept, ...kindFields(file) }, given)
  const whole = file.kind === 'file' ? sized(named, file) : named
  return byUser && kept !== live ? ownedBySomeone(whole, given) : whole
}

/** Owner and group that are not given cannot be known, however the host may know who acts: it is asked when the run has done it. */
function ownedBySomeone(status: SeenFile, given: Foreseen['attributes']): SeenFile {
  return {
    ...status,
    ...(given.owner === undefined ? { owner: ownerUnknown, uid: ownerUnknown } : {}),
    ...(given.group === undefined ? { group: ownerUnknown, gid: ownerUnknown } : {}),
  }
}

const ownerUnknown = new Unknown('its owner is known only after the real run creates it')

function fresh(kind: PredictedFile['kind']): FileStatus {
  const known: FileStatus['kind'] = kind === 'absent' ? 'file' : kind
  const mode =
    known === 'directory' ? '0755' : known === 'link' ? '0777' : known === 'character' ? '0600' : '0644'
  return { kind: known, mode, owner: 'root', group: 'root', uid: 0, gid: 0, size: 0 }
}

function kindFields(file: PredictedFile): Partial<FileStatus> {
  if (file.kind === 'link') return { target: file.target, size: Buffer.byteLength(file.target) }
  if (file.kind !== 'character') return {}
  return {
    ...given({ major: file.major, minor: file.minor }),
  }
}

function own(file: PredictedFile): Foreseen['attributes'] {
  if (file.kind !== 'file' && file.kind !== 'directory') return {}
  return {
    ...given({ mode: file.mode?.padStart(4, '0'), owner: file.owner, group: file.group }),
  }
}

/** A new owner's number is known only for root and for owners given as numbers. */
function withAttributes(status: SeenFile, { mode, owner, group }: Foreseen['attributes']): SeenFile {
  return {
    ...status,
    ...given({ mode: mode?.padStart(4, '0') }),
    ...(owner === undefined ? {} : { owner, uid: idOf(owner, status.owner, status.uid) }),
    ...(group === undefined ? {} : { group, gid: idOf(group, status.group, status.gid) }),
  }
}

function idOf(name: string, before: string | Unknown, idBefore: number | Unknown): number | Unknown {
  if (name === before) return idBefore
  if (name === 'root') return 0
  return /^[0-9]+$/.test(name) ? Number(name) : idUnknown
}

const idUnknown = new Unknown('the ID of a new owner is known only after the real run sets it')

function sized(status: SeenFile, file: Extract<PredictedFile, { kind: 'file' }>): SeenFile {
  if (file.text !== undefined) return { ...status, size: Buffer.byteLength(revealed(file.text)) }
  return { ...status, size: file.size ?? contentUnknown }
}

const contentUnknown = new Unknown('its content is known only when the real run writes it')

/** What `text` will answer. @throws UnknownError, HostError for what is no file. */
export function foreseenText(path: string, file: PredictedFile): string | undefined {
  if (file.kind === 'absent') return undefined
  if (file.kind !== 'file')
    throw new HostError({ code: 'read-failed', message: `cannot read ${path}: it will be a ${file.kind}` })
  if (file.text === undefined) throw new UnknownError(contentUnknown)
  return revealed(file.text)
}

/** What `hash` will answer. @throws UnknownError, HostError for what is no file. */
export function foreseenHash(path: string, file: PredictedFile): string | undefined {
  if (file.kind === 'file' && file.sha256 !== undefined) return file.sha256
  const content = foreseenText(path, file)
  return content === undefined ? undefined : sha256Of(content)
}
