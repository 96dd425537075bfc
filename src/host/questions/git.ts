/** Questions to git about repositories. They run no hooks and write no index. */
import { HostError } from '../../base/errors.ts'
import { many, one, questionAbout } from '../question.ts'
import type { ResourcePattern } from '../resource.ts'
import type { Answer } from '../status.ts'

/** The beginning of each command line. */
const git = ['git', '--no-optional-locks', '-c', 'core.fsmonitor=false', '-C'] as const
const environment = { LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' }
const directory = one('directory', /\/[^\n]*/)

/** An address as git takes it: a URL, a path of the host, or `user@host:path`. */
export const repositoryAddress =
  /(?:https?|ssh|git|file):\/\/[^\s-][^\s]*|\/[^\n]*|[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9_][A-Za-z0-9._-]*:[^\s]+/

export interface RemoteRefs {
  /** Commits by the names of their refs; those of annotated tags by `NAME^{}`. */
  readonly commits: ReadonlyMap<string, string>
  /** The branch of HEAD, without `refs/heads/`. */
  readonly head: string | undefined
}

/** Refs of a repository elsewhere: `HEAD`, or whole names. */
export const remoteRefs = questionAbout({
  words: [
    ...git,
    '/',
    'ls-remote',
    '--symref',
    one('repo', repositoryAddress),
    many('refs', /HEAD|refs\/(?:heads|tags)\/[A-Za-z0-9._/+@-]+(?:\^\{\})?/),
  ],
  environment,
  timeout: 120_000,
  reads: ({ repo }) => (repo.startsWith('/') ? [`file:${repo}/*`] : []),
  parse(answer, { repo }): RemoteRefs {
    if (answer.code !== 0) throw failedGit(`cannot read ${repo}`, answer)
    const commits = new Map<string, string>()
    for (const [, commit = '', ref = ''] of answer.stdout.matchAll(/^([0-9a-f]{40,64})\t(\S+)$/gm))
      commits.set(ref, commit)
    return { commits, head: /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(answer.stdout)?.[1] }
  },
})

/** The commit of a working tree; undefined if there is none yet. */
export const presentCommit = questionAbout({
  words: [...git, directory, 'rev-parse', '--verify', '--quiet', 'HEAD'],
  environment,
  reads: repositoryFiles,
  parse(answer, values): string | undefined {
    if (answer.code === 1 && answer.stderr === '') return undefined
    if (answer.code !== 0) throw failedGit(`cannot read ${values.directory}`, answer)
    return answer.stdout.trim()
  },
})

/** The address of `origin`; undefined if there is none. */
export const originAddress = questionAbout({
  words: [...git, directory, 'config', '--get', 'remote.origin.url'],
  environment,
  reads: repositoryFiles,
  parse: ({ code, stdout }) => (code === 0 ? stdout.trim() : undefined),
})

/** Files that git tracks and that differ from the commit. */
export const changedFiles = questionAbout({
  words: [...git, directory, 'status', '--porcelain', '--untracked-files=no'],
  environment,
  reads: repositoryFiles,
  parse(answer, values): readonly string[] {
    if (answer.code !== 0) throw failedGit(`cannot read ${values.directory}`, answer)
    const lines = answer.stdout.split('\n').filter((line) => line !== '')
    return lines.map((line) => line.slice(3))
  },
})

function repositoryFiles({ directory: path }: { readonly directory: string }): readonly ResourcePattern[] {
  return [`file:${path}/*`]
}

function failedGit(failure: string, { code, stdout, stderr }: Answer): HostError {
  const lines = `${stdout}\n${stderr}`.split('\n')
  const said = lines.find((line) => line.startsWith('fatal: ')) ?? lines.findLast((line) => line !== '') ?? ''
  return new HostError({
    code: 'git-failed',
    message: `${failure}: ${said === '' ? `git failed with exit status ${code}` : said.replace(/^fatal: /, '')}`,
    hint: said.includes('dubious ownership')
      ? 'set `become_user` to the owner of the directory'
      : 'check the address, and the keys or the login of the user on the host',
  })
}
