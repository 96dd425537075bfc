/** Answers about files from what was predicted of them, laid over what the host says. */
import { HostError } from '../base/errors.ts'
import { Unknown, UnknownError } from '../base/unknown.ts'
import type { PredictedFile } from './action.ts'
import { revealed, sha256Of } from './effects.ts'
import type { FileStatus } from './host.ts'
import type { FilePrediction } from './overlay-marks.ts'

type Full = Exclude<PredictedFile, { kind: 'unknown' }>

/** What the path will be: the last prediction that says all, and the attributes that were laid over it since. */
export interface Foreseen {
  /** undefined: what is on the host now. */
  readonly file: Full | undefined
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
  let file: Full | undefined
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
    } else if (prediction.kind !== 'unknown') {
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
export function foreseenStatus(foreseen: Foreseen, now: FileStatus | undefined): FileStatus | undefined {
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
function ownedBySomeone(status: FileStatus, given: Foreseen['attributes']): FileStatus {
  let result = status
  const unknown = [
    ...(given.owner === undefined ? (['owner', 'uid'] as const) : []),
    ...(given.group === undefined ? (['group', 'gid'] as const) : []),
  ]
  for (const field of unknown) result = withUnknown(result, field, ownerUnknown)
  return result
}

const ownerUnknown = new Unknown('who will own it is only known when the run has made it')

function fresh(kind: Full['kind']): FileStatus {
  const known: FileStatus['kind'] = kind === 'absent' ? 'file' : kind
  const mode =
    known === 'directory' ? '0755' : known === 'link' ? '0777' : known === 'character' ? '0600' : '0644'
  return { kind: known, mode, owner: 'root', group: 'root', uid: 0, gid: 0, size: 0 }
}

function kindFields(file: Full): Partial<FileStatus> {
  if (file.kind === 'link') return { target: file.target, size: Buffer.byteLength(file.target) }
  if (file.kind !== 'character') return {}
  return {
    ...(file.major === undefined ? {} : { major: file.major }),
    ...(file.minor === undefined ? {} : { minor: file.minor }),
  }
}

function own(file: Full): Foreseen['attributes'] {
  if (file.kind !== 'file' && file.kind !== 'directory') return {}
  return {
    ...(file.mode === undefined ? {} : { mode: file.mode.padStart(4, '0') }),
    ...(file.owner === undefined ? {} : { owner: file.owner }),
    ...(file.group === undefined ? {} : { group: file.group }),
  }
}

/** A new owner's number is known only for root and for owners given as numbers; asking for another is asking for something unknown. */
function withAttributes(status: FileStatus, { mode, owner, group }: Foreseen['attributes']): FileStatus {
  const named: FileStatus = {
    ...status,
    ...(mode === undefined ? {} : { mode: mode.padStart(4, '0') }),
    ...(owner === undefined ? {} : { owner, uid: idOf(owner, status.owner, status.uid) }),
    ...(group === undefined ? {} : { group, gid: idOf(group, status.group, status.gid) }),
  }
  return named
}

function idOf(name: string, before: string, idBefore: number): number {
  if (name === before) return idBefore
  if (name === 'root') return 0
  return /^[0-9]+$/.test(name) ? Number(name) : Number.NaN
}

function sized(status: FileStatus, file: Extract<Full, { kind: 'file' }>): FileStatus {
  if (file.text !== undefined) return { ...status, size: Buffer.byteLength(revealed(file.text)) }
  if (file.size !== undefined) return { ...status, size: file.size }
  return withUnknown(status, 'size', contentUnknown)
}

/** The same object, but reading this one field throws: the rest of it is known. */
export function withUnknown<T extends object>(value: T, field: keyof T, unknown: Unknown): T {
  return Object.defineProperty(copyOf(value), field, {
    enumerable: true,
    get(): never {
      throw new UnknownError(unknown)
    },
  })
}

/** A copy that keeps the fields that throw. */
function copyOf<T extends object>(value: T): T {
  return Object.defineProperties({}, Object.getOwnPropertyDescriptors(value)) as T
}

const contentUnknown = new Unknown('its content will only be known when the run writes it')

/** What `text` will answer. @throws UnknownError, HostError for what is no file. */
export function foreseenText(path: string, file: Full): string | undefined {
  if (file.kind === 'absent') return undefined
  if (file.kind !== 'file')
    throw new HostError({ code: 'read-failed', message: `cannot read ${path}: it will be a ${file.kind}` })
  if (file.text === undefined) throw new UnknownError(contentUnknown)
  return revealed(file.text)
}

/** What `hash` will answer. @throws UnknownError, HostError for what is no file. */
export function foreseenHash(path: string, file: Full): string | undefined {
  if (file.kind === 'file' && file.sha256 !== undefined) return file.sha256
  const content = foreseenText(path, file)
  return content === undefined ? undefined : sha256Of(content)
}
