/**
 * Public keys with which a user may log in.
 *
 * The directory belongs to the user, who could put a link there. The file is replaced as root, so links are
 * refused.
 */
import { join, parentOf } from '../../base/posix-paths.ts'
import { known } from '../../base/unknown.ts'
import type { Host, SeenFile } from '../../host/host.ts'
import { actions, done, type Plan, refuse, type Refusal } from '../../host/plan.ts'
import { userKind } from '../../host/resources/user.ts'
import type { Module } from '../module.ts'
import {
  attributeAction,
  attributeDiffs,
  differing,
  givenAttributes,
  knowAttributes,
} from '../support/attributes.ts'
import { contentDiff } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'
import { keysIn, type PublicKey, withKeys } from './authorized-keys.ts'

export interface Seen {
  /** Undefined if there is no such user. */
  readonly owner: Owner | undefined
  readonly path: string
  readonly directory: SeenFile | undefined
  /** The home directory, or another one above that of the file. */
  readonly above: SeenFile | undefined
  readonly file: SeenFile | undefined
  readonly text: string | undefined
}

interface Owner {
  readonly owner: string
  readonly group: string
}

export const authorizedKey = {
  name: 'authorized_key',
  summary: 'Adds or removes public keys with which a user may log in.',
  mayChange: ({ path }) => (typeof path === 'string' ? [`file:${path}`] : ['file:*']),
  args,
  result,
  probe,
  plan,
  report: (_, { path }) => ({ path }),
} satisfies Module<Args, Seen>

async function probe({ user, path: given }: Args, host: Host): Promise<Seen> {
  const { exists, home, group } = await host.read(userKind, user)
  if (!exists)
    return {
      owner: undefined,
      path: given ?? '',
      directory: undefined,
      above: undefined,
      file: undefined,
      text: undefined,
    }
  const path = given ?? join(known(home), '.ssh/authorized_keys')
  const [directory, above, file] = await Promise.all([
    host.stat(parentOf(path)),
    host.stat(parentOf(parentOf(path)), { follow: true }),
    host.stat(path),
  ])
  const owner = { owner: user, group: known(group) }
  knowAttributes(owner, directory)
  knowAttributes(owner, file)
  const text = file?.kind === 'file' && directory?.kind === 'directory' ? await host.text(path) : undefined
  return { owner, path, directory, above, file, text }
}

function plan(given: Args, seen: Seen): Plan {
  const { state, exclusive, user } = given
  const { owner, path, directory, file, text = '' } = seen
  const keys = wantedKeys(given)
  if ('code' in keys) return refuse(keys)
  if (owner === undefined)
    return refuse({
      code: 'no-such-user',
      message: `there is no user ${user}`,
      hint: 'create it first with `user`',
    })
  const unsafe = unsafePath(seen)
  if (unsafe !== undefined) return refuse(unsafe)
  const after = withKeys(text, { keys, state, exclusive })
  if (state === 'absent' && (file === undefined || after === text)) return done()
  const folder = parentOf(path)
  const folderAttributes = { mode: '0700', ...owner }
  if (directory === undefined && !given.manage_dir)
    return refuse({
      code: 'no-directory',
      message: `there is no directory ${folder}`,
      hint: 'set `manage_dir: true`',
    })
  const fileAttributes = { mode: '0600', ...owner }
  const makes = directory === undefined
  const sets =
    given.manage_dir && directory !== undefined
      ? attributeAction(folder, folderAttributes, directory)
      : undefined
  const writes = file === undefined || after !== text
  const setsFile = file === undefined || writes ? undefined : attributeAction(path, fileAttributes, file)
  return actions(
    [
      makes ? { kind: 'makeDirectory', path: folder, ...folderAttributes } : sets,
      writes
        ? {
            kind: 'writeFile',
            path,
            content: { kind: 'text', text: after },
            ...givenAttributes(fileAttributes),
            label: `${state === 'absent' ? 'remove keys from' : 'set the keys in'} ${path}`,
          }
        : setsFile,
    ],
    {
      diffs: [
        ...(makes || !given.manage_dir ? [] : attributeDiffs(folder, folderAttributes, directory)),
        ...(writes ? [contentDiff({ title: path, before: seen.text, after })] : []),
        ...(setsFile === undefined || file === undefined
          ? []
          : attributeDiffs(path, differing(fileAttributes, file), file)),
      ],
    },
  )
}

function wantedKeys({ key, key_options: options, comment }: Args): readonly PublicKey[] | Refusal {
  const keys = keysIn(key)
  if ('wrong' in keys)
    return {
      code: 'invalid-argument',
      message: `not a public key: ${JSON.stringify(keys.wrong.slice(0, 60))}`,
      hint: '`key` contains the text of a .pub file, such as "ssh-ed25519 AAAA... name", not its path',
    }
  if (keys.length === 0) return { code: 'invalid-argument', message: '`key` contains no public key' }
  return keys.map((each) => ({
    ...each,
    options: options ?? each.options,
    comment: comment ?? each.comment,
  }))
}

function unsafePath({ path, directory, above, file }: Seen): Refusal | undefined {
  const folder = parentOf(path)
  const hint =
    'remove it, or set `path` to another file; through a link, a user could have any file of the host replaced'
  if (directory !== undefined && directory.kind !== 'directory')
    return { code: 'wrong-kind-of-file', message: `${folder} is a ${directory.kind}, not a directory`, hint }
  if (file !== undefined && file.kind !== 'file')
    return { code: 'wrong-kind-of-file', message: `${path} is a ${file.kind}, not a file`, hint }
  if (directory === undefined && above?.kind !== 'directory')
    return {
      code: 'no-directory',
      message: `there is no directory ${parentOf(folder)}`,
      hint: 'create the home directory of the user first',
    }
  return undefined
}
