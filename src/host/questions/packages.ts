/** Questions to dpkg and apt about packages. */
import { HostError } from '../../base/errors.ts'
import { many, one, oneOf, question, questionAbout, someOf } from '../question.ts'
import type { ResourcePattern } from '../resource.ts'
import type { Answer } from '../status.ts'

const apt: readonly ResourcePattern[] = ['package:*', 'file:/etc/apt/*', 'file:/var/lib/apt/*']
const english = { LC_ALL: 'C' }
/**
 * A name as apt-get accepts it: `name`, `name:architecture`, `name=version`. A final `-` or `+` would be a
 * command of its own.
 */
const packageName = /[a-z0-9](?:[a-z0-9+.:-]*[a-z0-9+.])?(?:=[A-Za-z0-9.+~:-]+)?/

/** A package of a repository, or the path of a package file. */
const packageNameOrFile = new RegExp(`${packageName.source}|/[^\\n]+`)

export interface PackageRow {
  /** As in dpkg(1): `installed`, `half-configured`, `config-files`, ... */
  readonly status: string
  readonly name: string
  readonly version: string
}

/** All packages that dpkg knows, or those whose names match one of the shell patterns. */
export const packageStates = questionAbout({
  words: [
    'dpkg-query',
    '-W',
    '-f',
    '${db:Status-Status} ${Package} ${Version}\\n',
    many('patterns', /[a-z0-9][a-z0-9+.*?-]*/),
  ],
  reads: () => ['package:*'],
  parse: ({ stdout }): readonly PackageRow[] =>
    stdout.split('\n').flatMap((line) => {
      const [status = '', name = '', version = ''] = line.trim().split(' ')
      return name === '' ? [] : [{ status, name, version }]
    }),
})

export interface InstalledPackage {
  readonly name: string
  readonly version: string
  readonly arch: string
}

/** All installed packages. */
export const installedPackages = question({
  words: ['dpkg-query', '-W', '-f', '${db:Status-Status} ${Package} ${Version} ${Architecture}\\n'],
  reads: ['package:*'],
  parse({ code, stdout, stderr }): readonly InstalledPackage[] {
    if (code !== 0)
      throw new HostError({
        code: 'read-failed',
        message: `cannot list the packages: ${stderr.trim().split('\n')[0] ?? ''}`,
        hint: 'only Debian and its derivatives are supported',
      })
    return stdout.split('\n').flatMap((line) => {
      const [status = '', name = '', version = '', arch = ''] = line.split(' ')
      return status === 'installed' ? [{ name, version, arch }] : []
    })
  },
})

/** dpkg's name of the architecture: `amd64`; empty if dpkg is missing. */
export const packageArchitecture = question({
  words: ['dpkg', '--print-architecture'],
  reads: ['package:*'],
  parse: ({ stdout }) => stdout.trim(),
})

export interface PackageFile {
  readonly name: string
  readonly version: string
}

/** Name and version of the package in a file (dpkg-deb(1)); undefined if the file is not a package. */
export const packageFile = questionAbout({
  words: ['dpkg-deb', '-W', '--showformat=${Package} ${Version}\\n', one('path', /\/[^\n]+/)],
  reads: ({ path }) => [`file:${path}`],
  parse({ code, stdout }): PackageFile | undefined {
    const [name = '', version = ''] = stdout.trim().split(' ')
    return code === 0 && name !== '' && version !== '' ? { name, version } : undefined
  },
})

/** The candidate of each package. A package that apt does not know is not in the map. */
export const packageCandidates = questionAbout({
  words: ['apt-cache', 'policy', many('names', packageName)],
  environment: english,
  reads: () => apt,
  parse: ({ stdout }) => parsePolicy(stdout),
})

export function parsePolicy(text: string): ReadonlyMap<string, string | undefined> {
  const found = new Map<string, string | undefined>()
  for (const [, name = '', candidate = ''] of text.matchAll(
    /^(\S+):\n {2}Installed: .*\n {2}Candidate: (.*)$/gm,
  ))
    found.set(name, candidate === '(none)' ? undefined : candidate)
  return found
}

/** All versions of packages that apt's sources offer, newest first; a package that none offers is not in the map. */
export const packageVersions = questionAbout({
  words: ['apt-cache', 'madison', many('names', packageName)],
  environment: english,
  reads: () => apt,
  parse: ({ stdout }) => parseMadison(stdout),
})

/** Lines `NAME | VERSION | SOURCE` (apt-cache(8)). */
export function parseMadison(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const [, name = '', version = ''] of text.matchAll(/^\s*(\S+) \| *(\S+) \| .* Packages$/gm)) {
    const versions = found.get(name) ?? []
    if (!versions.includes(version)) versions.push(version)
    found.set(name, versions)
  }
  return found
}

/** Names of packages in apt's lists that begin with the prefix. */
export const packageNames = questionAbout({
  words: ['apt-cache', 'pkgnames', one('prefix', /[a-z0-9][a-z0-9+.-]*/)],
  reads: () => apt,
  parse: ({ stdout }) => stdout.split('\n').filter((name) => name !== ''),
})

/** The changes that apt-get would make, from a simulation. */
export interface AptSimulation extends Answer {
  readonly installs: readonly SimulatedPackage[]
  readonly removes: readonly string[]
}

export interface SimulatedPackage {
  readonly name: string
  readonly version: string
  /** undefined: new. */
  readonly before: string | undefined
}

export const aptSimulation = questionAbout({
  words: [
    'apt-get',
    '-s',
    someOf('options', [
      '-y',
      '--install-recommends',
      '--no-install-recommends',
      '--allow-downgrades',
      '--reinstall',
      '--auto-remove',
    ]),
    oneOf('verb', ['install', 'remove', 'purge', 'autoremove']),
    many('names', packageNameOrFile),
  ],
  environment: english,
  reads: ({ names }) => [
    ...apt,
    ...names.filter((name) => name.startsWith('/')).map((path): ResourcePattern => `file:${path}`),
  ],
  parse: parseSimulation,
})

/** `Inst NAME [OLD] (NEW ORIGIN [ARCH])`, `Remv NAME [OLD]`, `Purg NAME [OLD]` (apt-get(8), --simulate). */
export function parseSimulation(answer: Answer): AptSimulation {
  const { stdout } = answer
  const installs = [...stdout.matchAll(/^Inst (\S+) (?:\[(\S+)\] )?\((\S+)/gm)].map(
    ([, name = '', before, version = '']) => ({ name, version, before }),
  )
  const removes = [...stdout.matchAll(/^(?:Remv|Purg) (\S+)/gm)].map(([, name = '']) => name)
  return { ...answer, installs, removes }
}
