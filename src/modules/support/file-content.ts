/** Writes one file with given content; shared by `copy` and `template`. */
import { defined } from '../../base/defined.ts'
import type { Content, WriteFile } from '../../host/action.ts'
import type { SeenFile, Host } from '../../host/host.ts'
import { actions, type Plan, refuse } from '../../host/plan.ts'
import {
  attributeAction,
  attributeDiffs,
  attributeProperties,
  type Attributes,
  differing,
  givenAttributes,
  knowAttributes,
  modeBase,
} from './attributes.ts'
import { absolutePath, join, nameOf, normalized, parentOf } from '../../base/posix-paths.ts'
import { contentDiff, textForDiff } from './content-diff.ts'
import { words } from './words.ts'

export const contentProperties = {
  dest: {
    type: 'string',
    pattern: absolutePath,
    description:
      'Path of the file; if it ends in a slash or is a directory, the file is written into that directory',
  },
  force: {
    type: 'boolean',
    default: true,
    description: '`false`: keep the content of an existing file',
  },
  backup: {
    type: 'boolean',
    default: false,
    description: 'Keep a copy of the old file, with the time in its name',
  },
  validate: {
    type: 'string',
    pattern: '%s',
    description:
      'Command that checks the new file before it replaces the old one; `%s` is its path. Runs without a shell',
  },
  ...attributeProperties,
} as const

export const contentResult = {
  type: 'object',
  required: ['dest', 'checksum'],
  properties: {
    dest: { type: 'string', description: 'The file' },
    checksum: { type: 'string', description: 'sha256 of the requested content, in hex' },
  },
} as const

export interface ContentArgs extends Attributes {
  readonly dest: string
  readonly force: boolean
  readonly backup: boolean
  readonly validate?: string | undefined
}

/** The content to write; `text` for the diff, if it is text of a reasonable size. */
export interface Source {
  readonly content: Content
  readonly sha256: string
  readonly text: string | undefined
}

export interface ContentSeen {
  /** The file itself, never a directory. */
  readonly dest: string
  /** The missing directory that `dest` names with a final slash. */
  readonly makes: string | undefined
  readonly parent: SeenFile | undefined
  /** With links followed. */
  readonly status: SeenFile | undefined
  readonly sha256: string | undefined
  readonly before: string | undefined
}

/** `name` is the file name if `dest` is a directory. */
export async function probeContent(
  given: ContentArgs,
  name: string | undefined,
  sha256: string,
  host: Host,
): Promise<ContentSeen> {
  const { dest } = given
  // Read together, for the common case: `dest` is a file in an existing directory.
  const early = dest.endsWith('/')
    ? []
    : [host.hash(normalized(dest)), host.stat(parentOf(normalized(dest)), { follow: true })]
  for (const asked of early) asked.catch(() => undefined)
  const there = await host.stat(dest, { follow: true })
  const directory = there?.kind === 'directory' || dest.endsWith('/')
  const path = directory && name !== undefined ? join(dest, name) : normalized(dest)
  const [status, parent] = await Promise.all([
    directory && name !== undefined ? host.stat(path, { follow: true }) : there,
    host.stat(parentOf(path), { follow: true }),
  ])
  knowAttributes(given, status)
  const current = status?.kind === 'file' ? await host.hash(path) : undefined
  return {
    dest: path,
    makes: dest.endsWith('/') && parent === undefined ? parentOf(path) : undefined,
    parent,
    status,
    sha256: current,
    before: current === sha256 ? undefined : await textForDiff(host, path, status),
  }
}

export function planContent(given: ContentArgs, source: Source, seen: ContentSeen): Plan {
  const { dest, status } = seen
  if (status !== undefined && status.kind !== 'file')
    return refuse({
      code: 'wrong-kind-of-file',
      message: `${dest} is a ${status.kind}, not a file`,
      hint: 'set `dest` to the path of the file itself',
    })
  if (status !== undefined && (seen.sha256 === source.sha256 || !given.force))
    return actions([attributeAction(dest, given, status)], { diffs: attributeDiffs(dest, given, status) })
  if (seen.parent === undefined && seen.makes === undefined)
    return refuse({
      code: 'no-directory',
      message: `there is no directory ${parentOf(dest)}`,
      hint: 'create it first with `file` and `state: directory`',
    })
  if (seen.parent !== undefined && seen.parent.kind !== 'directory')
    return refuse({ code: 'wrong-kind-of-file', message: `${parentOf(dest)} is a ${seen.parent.kind}` })
  const checks = validatorOf(given.validate)
  if ('wrong' in checks) return refuse({ code: 'invalid-argument', message: checks.wrong })
  const write: WriteFile = {
    kind: 'writeFile',
    path: dest,
    content: source.content,
    ...givenAttributes(given, modeBase(status)),
    ...checks,
    ...defined({ backup: given.backup && status !== undefined ? true : undefined }),
  }
  const made = seen.makes === undefined ? undefined : ({ kind: 'makeDirectory', path: seen.makes } as const)
  const changes = status === undefined ? {} : differing(given, status)
  return actions([made, write], {
    diffs: [
      contentDiff({ title: dest, before: seen.before, after: source.text }),
      ...(status !== undefined && Object.keys(changes).length > 0 ? attributeDiffs(dest, given, status) : []),
    ],
  })
}

/** The words of `validate` for an action, or what is wrong with them. */
export function validatorOf(
  command: string | undefined,
): Pick<WriteFile, 'validate'> | { readonly wrong: string } {
  const validate = command === undefined ? [] : words(command)
  if (validate === undefined) return { wrong: 'unclosed quote in `validate`' }
  return validate.length === 0 ? {} : { validate }
}

export function reportContent(source: Source | undefined, seen: ContentSeen): Record<string, unknown> {
  return { dest: seen.dest, checksum: source?.sha256 ?? '' }
}

/** The name of a controller's file when it is copied into a directory. */
export function keptName(source: string, suffix = ''): string {
  const name = nameOf(source)
  return suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
}
