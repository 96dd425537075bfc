/** Changes a part of a text file and keeps the rest; shared by the modules that edit files. */
import { absolutePath, parentOf } from '../../base/posix-paths.ts'
import { defined } from '../../base/defined.ts'
import type { Host, SeenFile } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import {
  attributeAction,
  attributeDiffs,
  attributeProperties,
  type Attributes,
  givenAttributes,
  knowAttributes,
  modeBase,
} from './attributes.ts'
import { contentDiff } from './content-diff.ts'
import { contentProperties, validatorOf } from './file-content.ts'

const { backup, validate } = contentProperties

export const pathProperty = { type: 'string', pattern: absolutePath, description: 'The file' } as const

/** All but the path. */
export const textFileProperties = {
  backup,
  validate,
  ...attributeProperties,
} as const

export const createProperty = {
  type: 'boolean',
  default: false,
  description: 'Create the file if it does not exist',
} as const

export interface TextFileArgs extends Attributes {
  readonly path: string
  readonly create?: boolean
  readonly backup?: boolean
  readonly validate?: string | undefined
}

export interface SeenText {
  readonly status: SeenFile | undefined
  /** Undefined unless a file is there. */
  readonly text: string | undefined
  /** Whether the directory of the file exists. */
  readonly parent: boolean
}

export interface TextEdit {
  /** The whole text after the change; the text before is empty if there is no file. */
  readonly after: string
  /** Describes the change to people, in the imperative. */
  readonly label: string
  /** The change removes something, so a missing file needs none. */
  readonly removes?: boolean
}

export async function probeTextFile(given: TextFileArgs, host: Host): Promise<SeenText> {
  const { path } = given
  // Read together, but used only for a file. A device is not read, since reading may consume its data.
  const asked = path.startsWith('/dev/') ? undefined : host.text(path)
  asked?.catch(() => undefined)
  const [status, parent] = await Promise.all([
    host.stat(path, { follow: true }),
    host.stat(parentOf(path), { follow: true }),
  ])
  knowAttributes(given, status)
  const text = status?.kind === 'file' ? await (asked ?? host.text(path)) : undefined
  return { status, text, parent: parent?.kind === 'directory' }
}

/** What is wrong with the request, or with the file. */
export interface WrongEdit {
  readonly wrong: string
  readonly hint?: string
  /** Default: `invalid-argument`. */
  readonly code?: string
}

export function planTextFile(
  given: TextFileArgs,
  { status, text, parent }: SeenText,
  edit: (before: string) => TextEdit | WrongEdit,
): Plan {
  const { path } = given
  if (status !== undefined && status.kind !== 'file')
    return refuse({ code: 'wrong-kind-of-file', message: `${path} is a ${status.kind}, not a file` })
  const edited = edit(text ?? '')
  if ('wrong' in edited) {
    const { wrong, hint, code = 'invalid-argument' } = edited
    return refuse({ code, message: wrong, ...defined({ hint }) })
  }
  const { after, label, removes = false } = edited
  if (status === undefined) {
    if (removes) return done()
    if (given.create !== true)
      return refuse({
        code: 'file-not-found',
        message: `${path} does not exist`,
        ...defined({ hint: given.create === false ? '`create: true` creates it' : undefined }),
      })
    if (!parent)
      return refuse({
        code: 'no-directory',
        message: `there is no directory ${parentOf(path)}`,
        hint: 'create it first with `file` and `state: directory`',
      })
  } else if (after === text)
    return actions([attributeAction(path, given, status)], { diffs: attributeDiffs(path, given, status) })
  const checks = validatorOf(given.validate)
  if ('wrong' in checks) return refuse({ code: 'invalid-argument', message: checks.wrong })
  return actions(
    [
      {
        kind: 'writeFile',
        path,
        content: { kind: 'text', text: after },
        ...givenAttributes(given, modeBase(status)),
        ...checks,
        ...defined({ backup: given.backup === true && status !== undefined ? true : undefined }),
        label,
      },
    ],
    { diffs: [contentDiff({ title: path, before: text, after })] },
  )
}
