/** Actions on files as steps of a frame. A replaced file is always replaced as a whole. */
import { defined } from '../../base/defined.ts'
import { quote, raw, sh, type ShellText } from '../../base/shell.ts'
import { printfFormat } from '../../connection/frame.ts'
import type { MakeDirectory, MakeLink, Remove, SetAttributes, WriteFile } from '../action.ts'
import { revealed } from '../content.ts'
import type { Expectation } from '../expectation.ts'
import type { FileStatus } from '../host.ts'
import { remotePath } from '../paths.ts'
import { checkOwner } from '../unfit.ts'
import type { FrameStep } from './frame-step.ts'
import type { Telling } from './outcome.ts'

export type FileAction = WriteFile | SetAttributes | MakeDirectory | MakeLink | Remove

type Content = WriteFile['content']

export interface FileStep {
  readonly step: FrameStep
  readonly telling: Telling
}

export interface FileStepParts {
  readonly expects: ReadonlyMap<string, Expectation>
  readonly notes: FrameStep['notes']
  /** Hex digits for the name of the temporary file, unique to this step. */
  readonly nonce: string
  /** A file on the host, next to the target, that already has the content. */
  readonly staged?: string
}

/**
 * Translates an action into the step that the host runs.
 * @throws Error for a recursive removal of a top-level directory, and for content that is only predicted
 */
export function fileStep(action: FileAction, parts: FileStepParts): FileStep {
  const path = remotePath(action.path)
  const work = workOf(action, path, parts)
  const validates = action.kind === 'writeFile' && action.validate !== undefined
  const step: FrameStep = {
    work: { kind: 'files', path, body: work.body, validates },
    expects: parts.expects,
    notes: parts.notes,
    ...defined({ lock: action.lock }),
  }
  return { step, telling: { ...work.telling, path } }
}

interface Work {
  readonly body: ShellText
  readonly telling: Telling
}

function workOf(action: FileAction, path: string, parts: FileStepParts): Work {
  switch (action.kind) {
    case 'writeFile': {
      const body = writeWork(action, path, parts)
      return { body, telling: { failure: `cannot write ${path}`, code: 'write-failed' } }
    }
    case 'setAttributes':
      return {
        body: sh`gp_attributes ${path} ${raw(changedAttributes(action, statusOf(path, parts)))}
gp_done`,
        telling: { failure: `cannot change the attributes of ${path}`, code: 'attributes-failed' },
      }
    case 'makeDirectory':
      return {
        body: sh`gp_directory ${path} ${raw(changedAttributes(action, statusOf(path, parts)))}`,
        telling: { failure: `cannot create the directory ${path}`, code: 'write-failed' },
      }
    case 'makeLink':
      return {
        body: sh`gp_link ${path} ${action.target} ${parts.nonce}`,
        telling: { failure: `cannot link ${path}`, code: 'write-failed' },
      }
    case 'remove':
      return {
        body: removal(action, path),
        telling: { failure: `cannot remove ${path}`, code: 'remove-failed' },
      }
  }
}

function removal({ recursive = false }: Remove, path: string): ShellText {
  if (recursive && path.split('/').length < 3) {
    throw new Error(`refusing to remove ${path} with everything in it`)
  }
  return recursive ? sh`gp_remove_tree ${path}` : sh`gp_remove ${path}`
}

function writeWork(action: WriteFile, path: string, parts: FileStepParts): ShellText {
  const { content, validate, backup = false, backupDirectory = '' } = action
  const attributes = keptAttributes(action, parts.expects.get(path))
  const received = receive(path, content, { parts, attributes })
  const lines = [
    received,
    ...(validate === undefined ? [] : [validation(validate)]),
    ...(backup ? [sh`gp_backup ${backupDirectory}`] : []),
    sh`gp_place`,
  ]
  return lines.reduce(
    (before, line) => sh`${raw(before)}
${raw(line)}`,
  )
}

function receive(
  path: string,
  content: Content,
  { parts, attributes }: { readonly parts: FileStepParts; readonly attributes: ShellText },
): ShellText {
  switch (content.kind) {
    case 'text': {
      const bytes = Buffer.from(revealed(content.text))
      const format = printfFormat(bytes)
      return sh`gp_write ${path} ${parts.nonce} ${raw(attributes)} ${raw(format)}`
    }
    case 'controllerFile': {
      if (parts.staged === undefined) throw new Error(`the content of ${path} was not sent`)
      return sh`gp_take ${path} ${parts.staged} ${content.sha256} ${raw(attributes)}`
    }
    case 'hostFile':
      return sh`gp_copy ${path} ${parts.nonce} ${raw(attributes)} ${remotePath(content.path)} ${content.sha256}`
    case 'unknown':
      throw new Error(`the content of ${path} is only predicted: ${content.why}`)
  }
}

function validation(words: readonly string[]): ShellText {
  const line = words.map((word) => {
    const pieces = word.split('%s').map((piece) => (piece === '' ? sh`` : quote(piece)))
    return pieces.reduce((before, piece) => sh`${raw(before)}"$gp_temporary"${raw(piece)}`)
  })
  return sh`${raw(line.reduce((before, word) => sh`${raw(before)} ${raw(word)}`))} </dev/null >&2 8>&- 9>&- || gp_fail "the new content is not valid (see above); the old file was kept"`
}

const leave = '-'
/** The helper reads the value on the host. */
const look = ''

/**
 * Mode, owner and group of a replaced file: the given value, else the old one if it was read, else the helper
 * reads it.
 */
function keptAttributes(action: WriteFile, expected: Expectation | undefined): ShellText {
  if (action.plain === true) return sh`${leave} ${leave} ${leave}`
  const status = expected?.status?.kind === 'file' ? expected.status : undefined
  const isNew = expected?.content === 'absent'
  return sh`${action.mode ?? status?.mode ?? (isNew ? '0644' : look)} ${
    ownerId(action.owner) ?? (status === undefined ? (isNew ? leave : look) : String(status.uid))
  } ${ownerId(action.group) ?? (status === undefined ? (isNew ? leave : look) : String(status.gid))}`
}

/** The given attributes that differ from the present ones. */
function changedAttributes(
  given: Pick<SetAttributes, 'mode' | 'owner' | 'group'>,
  status: FileStatus | undefined,
): ShellText {
  const owner = isNamed(given.owner, status?.owner, status?.uid) ? leave : (ownerId(given.owner) ?? leave)
  const group = isNamed(given.group, status?.group, status?.gid) ? leave : (ownerId(given.group) ?? leave)
  // A new owner clears setuid and setgid, so the mode must be set again.
  const cleared = (owner !== leave || group !== leave) && status?.mode.startsWith('0') === false
  const mode = given.mode?.padStart(4, '0')
  const wanted = cleared ? (mode ?? status.mode) : mode === status?.mode ? undefined : mode
  return sh`${wanted ?? leave} ${owner} ${group}`
}

function isNamed(given: string | undefined, name: string | undefined, id: number | undefined): boolean {
  return given !== undefined && (given === name || given === String(id))
}

/** `root` is 0 everywhere, and numbers stay as they are. Only the host can resolve other names. */
function ownerId(given: string | undefined): string | undefined {
  checkOwner(given)
  return given === 'root' ? '0' : given
}

/** The status of the path itself. The status of a link does not apply to its target. */
function statusOf(path: string, { expects }: FileStepParts): FileStatus | undefined {
  const status = expects.get(path)?.status
  return status?.kind === 'link' ? undefined : status
}
