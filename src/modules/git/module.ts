/**
 * Checks out a repository. The plan compares the commit in the directory with the one of the branch or tag,
 * which the host asks the repository for: a dry run needs no clone.
 */
import { lackFor, type NetworkLack, waitForNetwork } from '../../apt/network.ts'
import { normalized } from '../../base/posix-paths.ts'
import type { Effect } from '../../host/action.ts'
import type { Host, SeenFile } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import {
  changedFiles,
  originAddress,
  presentCommit,
  remoteRefs,
  type RemoteRefs,
} from '../../host/questions/git.ts'
import type { Module } from '../module.ts'
import { filesAt } from '../support/may-change.ts'
import { args, type Args, result } from './args.ts'
import { checkout, type WantedCommit } from './checkout.ts'

export interface Seen {
  /** Whether the host has git. */
  readonly program: boolean
  readonly directory: SeenFile | undefined
  /** Whether an existing directory is empty. */
  readonly empty: boolean
  /** Undefined unless a repository is in the directory. */
  readonly tree: Tree | undefined
  /** Undefined if the task need not ask for it. */
  readonly refs: RemoteRefs | undefined
  /** What a container still lacks to reach the repository. */
  readonly lack: NetworkLack | undefined
}

export interface Tree {
  readonly commit: string | undefined
  readonly origin: string | undefined
  readonly changed: readonly string[]
}

export const git = {
  name: 'git',
  summary: 'Clones a git repository, and checks out a branch, a tag or a commit.',
  mayChange: ({ dest }) => filesAt(dest),
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (given, seen) => ({ after: seen.tree?.commit ?? '', remote_url: given.repo }),
} satisfies Module<Args, Seen>

const wholeCommit = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

async function probe(given: Args, host: Host): Promise<Seen> {
  const { repo, version, update } = given
  const dest = normalized(given.dest)
  const [program, directory, inside, names] = await Promise.all([
    host.command('git'),
    host.stat(dest, { follow: true }),
    host.stat(`${dest}/.git`, { follow: true }),
    host.list(dest),
  ])
  const base = { program: program !== undefined, directory, empty: names?.length === 0 }
  const asks = inside === undefined || update
  if (!base.program || hasLogin(repo)) return { ...base, tree: undefined, refs: undefined, lack: undefined }
  const remote = asks && /^https?:/.test(repo)
  const lack = remote ? await lackFor(repo, '', host) : undefined
  if (lack !== undefined) return { ...base, tree: undefined, refs: undefined, lack }
  const commit = version !== undefined && wholeCommit.test(version)
  const refs =
    version === undefined
      ? ['HEAD']
      : [`refs/heads/${version}`, `refs/tags/${version}`, `refs/tags/${version}^{}`]
  const [tree, found] = await Promise.all([
    inside === undefined ? undefined : readTree(dest, host),
    asks && !commit ? host.ask(remoteRefs({ repo, refs })) : undefined,
  ])
  return { ...base, tree, refs: found, lack: undefined }
}

async function readTree(directory: string, host: Host): Promise<Tree> {
  const [commit, origin, changed] = await Promise.all([
    host.ask(presentCommit({ directory })),
    host.ask(originAddress({ directory })),
    host.ask(changedFiles({ directory })),
  ])
  return { commit, origin, changed }
}

function plan(given: Args, seen: Seen): Plan {
  const { repo, update, force, depth } = given
  const dest = normalized(given.dest)
  const { directory, tree } = seen
  if (hasLogin(repo))
    return refuse({
      code: 'secret-in-url',
      message: 'the address contains a password or a token, which the directory and process lists then show',
      hint: 'use ssh with a deploy key, or a credential helper of the user on the host',
    })
  if (!seen.program)
    return refuse({
      code: 'program-missing',
      message: 'the host has no git',
      hint: 'install the package git with `apt` first',
    })
  if (seen.lack !== undefined) return waitForNetwork(seen.lack)
  if (directory !== undefined && directory.kind !== 'directory')
    return refuse({ code: 'wrong-kind-of-file', message: `${dest} is a ${directory.kind}, not a directory` })
  if (tree === undefined && directory !== undefined && !seen.empty)
    return refuse({
      code: 'directory-not-empty',
      message: `${dest} has files, but is not a git repository`,
      hint: 'remove the directory first, or set another `dest`',
    })
  if (tree !== undefined && !update) return done()
  const wanted = wantedOf(given, seen.refs)
  if ('wrong' in wanted) return refuse({ code: 'no-such-version', message: wanted.wrong, hint: wanted.hint })
  if (depth !== undefined && wanted.kind === 'commit')
    return refuse({
      code: 'invalid-argument',
      message: '`depth` needs a branch or a tag as `version`, not a commit',
    })
  const { commit, origin, changed = [] } = tree ?? {}
  const discards = force && changed.length > 0
  if (commit === wanted.commit && origin === repo && !discards) return done()
  if (changed.length > 0 && !force)
    return refuse({
      code: 'local-changes',
      message: `${dest} has changes that a checkout would discard: ${some(changed)}`,
      hint: '`force: true` discards them; `update: false` leaves the directory as it is',
    })
  const after = `${wanted.name} ${wanted.commit}\n`
  return actions([checkout(given, wanted, effectsOn(dest, tree !== undefined))], {
    diffs: [{ title: dest, before: tree === undefined ? 'absent\n' : `${was(tree)}\n`, after }],
  })
}

function was({ commit, changed }: Tree): string {
  return `${commit ?? 'no commit'}${changed.length === 0 ? '' : `, changed: ${some(changed)}`}`
}

function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
}

function effectsOn(dest: string, cloned: boolean): readonly Effect[] {
  const why = `an earlier task checks out a repository in ${dest}`
  return [
    ...(cloned ? [] : [{ kind: 'file', name: dest, becomes: { kind: 'directory' } } as const]),
    { kind: 'unknown', resources: [`file:${dest}/*`], why },
  ]
}

type NoVersion = { readonly wrong: string; readonly hint: string }

function wantedOf({ version, repo }: Args, refs: RemoteRefs | undefined): WantedCommit | NoVersion {
  if (version !== undefined && wholeCommit.test(version))
    return { kind: 'commit', name: version, commit: version }
  const { commits = new Map<string, string>(), head } = refs ?? {}
  if (version === undefined) {
    const commit = commits.get('HEAD')
    if (commit === undefined)
      return { wrong: `${repo} has no default branch`, hint: 'set `version`, or push a first commit' }
    return head === undefined
      ? { kind: 'commit', name: 'HEAD', commit }
      : { kind: 'branch', name: head, commit }
  }
  const branch = commits.get(`refs/heads/${version}`)
  if (branch !== undefined) return { kind: 'branch', name: version, commit: branch }
  const tag = commits.get(`refs/tags/${version}^{}`) ?? commits.get(`refs/tags/${version}`)
  if (tag !== undefined) return { kind: 'tag', name: version, commit: tag }
  return {
    wrong: `${repo} has no branch or tag ${version}`,
    hint: 'check the name; of a commit, write all 40 digits',
  }
}

/** A user alone is no secret: `ssh://git@host`. */
function hasLogin(repo: string): boolean {
  return /^https?:\/\/[^/?#]*@/i.test(repo) || /^[a-z]+:\/\/[^/?#@]*:[^/?#@]*@/i.test(repo)
}
