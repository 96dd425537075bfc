/** Creates or removes files, directories and links, and sets their attributes. */
import { defined } from '../../base/defined.ts'
import type { SeenFile, Host } from '../../host/host.ts'
import { type Diff, actions, done, type Plan, refuse } from '../../host/plan.ts'
import { filesAt } from '../support/may-change.ts'
import type { Module } from '../module.ts'
import { attributeAction, attributeDiffs, givenAttributes, knowAttributes } from '../support/attributes.ts'
import { newDirectory } from '../../base/mode.ts'
import { normalized } from '../../base/posix-paths.ts'
import { args, type Args, result } from './args.ts'
import { type Below, changesBelow, readBelow } from './below.ts'

export interface Seen {
  /** The path itself; links are not followed. */
  readonly itself: SeenFile | undefined
  /** The target, with links followed; not read if the task is about the link itself. */
  readonly target: SeenFile | undefined
  /** Whether a directory that `link` would replace is empty. */
  readonly empty: boolean
  /** Undefined unless the task is about everything below a directory. */
  readonly below: Below | undefined
}

export const file = {
  name: 'file',
  summary: 'Creates or removes a file, directory or link, and sets its mode and owner.',
  mayChange: ({ path }) => filesAt(path),
  args,
  result,
  probe,
  plan,
  report,
} satisfies Module<Args, Seen>

async function probe(args: Args, host: Host): Promise<Seen> {
  const { state } = args
  const path = normalized(args.path)
  // A task that creates or removes the link itself does not need its target.
  const follows = state !== 'link' && state !== 'absent'
  const [itself, target] = await Promise.all([
    host.stat(path),
    follows ? host.stat(path, { follow: true }) : undefined,
  ])
  knowAttributes(args, target)
  const below =
    state === 'directory' && args.recurse && target?.kind === 'directory'
      ? await readBelow(path, args, host)
      : undefined
  if (state !== 'link' || itself?.kind !== 'directory') return { itself, target, empty: false, below }
  return { itself, target, empty: (await host.list(path))?.length === 0, below }
}

function plan(given: Args, seen: Seen): Plan {
  const path = normalized(given.path)
  if (given.recurse && given.state !== 'directory')
    return refuse({ code: 'invalid-argument', message: '`recurse` needs `state: directory`' })
  switch (given.state) {
    case 'absent':
      return absent(path, seen)
    case 'directory':
      return directory(path, given, seen)
    case 'link':
      return link(path, given, seen)
    case 'touch':
      if (seen.target === undefined) return touch(path, given)
      return attributes(path, given, seen.target)
    case 'file':
      if (seen.target === undefined)
        return refuse({
          code: 'file-not-found',
          message: `${path} does not exist`,
          hint: 'create it with `copy`, `template` or `state: touch`',
        })
      if (seen.target.kind === 'directory') return wrongKind(path, seen.target, 'file')
      return attributes(path, given, seen.target)
  }
}

/** Removing these would destroy the system; usually a variable in the path is empty. */
const never = new Set(
  '/ /bin /boot /dev /etc /etc/pve /home /lib /lib64 /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/lib /var /var/lib'.split(
    ' ',
  ),
)

function absent(path: string, { itself }: Seen): Plan {
  if (itself === undefined) return done()
  if (never.has(path))
    return refuse({
      code: 'path-protected',
      message: `refusing to remove ${path}: the system depends on it`,
      hint: 'check whether a variable in the path is empty',
    })
  const recursive = itself.kind === 'directory'
  return actions([{ kind: 'remove', path, ...defined({ recursive: recursive ? true : undefined }) }], {
    diffs: existence(path, itself.kind, 'absent'),
  })
}

function directory(path: string, given: Args, { target, itself, below }: Seen): Plan {
  if (target === undefined && itself !== undefined) return wrongKind(path, itself, 'directory')
  if (target === undefined)
    return actions([{ kind: 'makeDirectory', path, ...givenAttributes(given, newDirectory) }], {
      diffs: existence(path, 'absent', 'directory'),
    })
  if (target.kind !== 'directory') return wrongKind(path, target, 'directory')
  if (below === undefined) return attributes(path, given, target)
  const { actions: changes, count } = changesBelow(path, given, below)
  const diffs = attributeDiffs(path, given, target)
  return actions([...changes, attributeAction(path, given, target)], {
    diffs:
      count === 0
        ? diffs
        : [...diffs, { title: `${path}/`, before: `${count} below with other attributes\n`, after: '' }],
  })
}

function link(path: string, given: Args, { itself, empty }: Seen): Plan {
  const target = given.src
  if (target === undefined)
    return refuse({
      code: 'argument-missing',
      message: '`state: link` needs `src`, the target of the link',
    })
  if (itself?.kind === 'link' && itself.target === target) return done()
  if (itself !== undefined && itself.kind !== 'link' && !given.force)
    return wrongKind(path, itself, 'link', '`force: true` replaces it with the link')
  if (itself?.kind === 'directory' && !empty)
    return wrongKind(path, itself, 'link', 'empty or remove the directory first')
  const before =
    itself === undefined ? 'absent' : itself.kind === 'link' ? linkTo(itself.target) : itself.kind
  return actions(
    [
      itself === undefined || itself.kind === 'link' ? undefined : clear(path, itself),
      { kind: 'makeLink', path, target },
    ],
    { diffs: existence(path, before, linkTo(target)) },
  )
}

function clear(path: string, { kind }: SeenFile): { kind: 'remove'; path: string; recursive?: true } {
  return {
    kind: 'remove',
    path,
    ...defined({ recursive: kind === 'directory' ? true : undefined }),
  }
}

function touch(path: string, given: Args): Plan {
  return actions(
    [
      {
        kind: 'writeFile',
        path,
        content: { kind: 'text', text: '' },
        ...givenAttributes(given),
        label: `create the empty file ${path}`,
      },
    ],
    { diffs: existence(path, 'absent', 'file') },
  )
}

function attributes(path: string, given: Args, seen: SeenFile): Plan {
  return actions([attributeAction(path, given, seen)], { diffs: attributeDiffs(path, given, seen) })
}

function wrongKind(path: string, seen: SeenFile, wanted: string, hint?: string): Plan {
  return refuse({
    code: 'wrong-kind-of-file',
    message: `${path} is a ${seen.kind}, not a ${wanted}`,
    hint: hint ?? 'inspect it on the host; nothing was changed',
  })
}

function existence(path: string, before: string, after: string): readonly Diff[] {
  return [{ title: path, before: `${before}\n`, after: `${after}\n` }]
}

function linkTo(target: string | undefined): string {
  return `link to ${target ?? '?'}`
}

function report({ path, state }: Args, { itself, target }: Seen): Readonly<Record<string, unknown>> {
  const seen = state === 'link' || state === 'absent' ? itself : (target ?? itself)
  if (seen === undefined) return { path, state: 'absent' }
  return {
    path,
    state: seen.kind,
    mode: seen.mode,
    owner: seen.owner,
    group: seen.group,
  }
}
