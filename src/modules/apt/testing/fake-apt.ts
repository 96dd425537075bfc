/** apt-get, apt-cache, dpkg-query and dpkg-deb of a host in memory. */
import { addFile, fakeWorld, type FakeWorld } from '../../testing/fake-host.ts'

/** A repository in memory: version and dependencies by name. */
export type Offers = Readonly<
  Record<string, { version: string; needs?: readonly string[]; replaces?: readonly string[] }>
>

export interface Fake {
  readonly world: FakeWorld
  /** What repositories offer; the lists know it after a fetch. */
  offers: Offers
  lists: Offers
  /** Every apt-get and dpkg that was really run. */
  readonly ran: string[]
  fetched: boolean
  /** Packages that were installed only because another one needed them, by name. */
  readonly neededBy: Map<string, string>
  /** What dpkg-deb prints about a file. */
  readonly packageFiles: Map<string, string>
}

const stamp = '/var/lib/apt/periodic/update-success-stamp'

export function fakeApt(offers: Offers, installed: Readonly<Record<string, string>> = {}): Fake {
  const world = fakeWorld()
  const state: Fake = {
    world,
    offers,
    lists: offers,
    ran: [],
    fetched: false,
    neededBy: new Map(),
    packageFiles: new Map(),
  }
  for (const [name, version] of Object.entries(installed))
    world.packages.set(name, { installed: version, status: 'installed' })
  world.answer = (argv) => {
    const [program = '', ...rest] = argv
    if (program === 'find')
      return { code: 0, stdout: state.fetched === rest.includes('-newermt') ? 'x\n' : '', stderr: '' }
    if (program === 'dpkg-query') return { code: 0, stdout: statuses(world), stderr: '' }
    if (program === 'dpkg-deb') {
      const stdout = state.packageFiles.get(rest.at(-1) ?? '')
      return { code: stdout === undefined ? 2 : 0, stdout: stdout ?? '', stderr: '' }
    }
    if (program === 'apt-cache') return { code: 0, stdout: policy(state, rest.slice(1)), stderr: '' }
    if (program === 'apt-get') return simulation(state, rest)
    return undefined
  }
  world.program = (argv) => {
    state.ran.push(argv.join(' '))
    if (argv.includes('dpkg')) {
      for (const [name, { installed: version }] of world.packages)
        world.packages.set(name, { installed: version, status: 'installed' })
      return { code: 0, stdout: '', stderr: '' }
    }
    if (argv.at(-1) !== 'update') return undefined
    state.lists = state.offers
    state.fetched = true
    addFile(world, stamp, '')
    return { code: 0, stdout: '', stderr: '' }
  }
  return state
}

function statuses({ packages }: FakeWorld): string {
  return [...packages]
    .map(([name, { status, installed }]) => `${status} ${name} ${installed ?? ''}\n`)
    .join('')
}

function policy({ lists, world }: Fake, names: readonly string[]): string {
  return names
    .filter((name) => name in lists)
    .map(
      (name) =>
        `${name}:\n  Installed: ${world.packages.get(name)?.installed ?? '(none)'}\n  Candidate: ${lists[name]?.version ?? ''}\n`,
    )
    .join('')
}

function simulation(
  { lists, world, neededBy, packageFiles }: Fake,
  words: readonly string[],
): { code: number; stdout: string; stderr: string } {
  const verb = words.findIndex((word) => ['install', 'remove', 'purge', 'autoremove'].includes(word))
  const names = words.slice(verb + 1)
  const going = words[verb] === 'install' ? [] : names
  const swept = [...neededBy].filter(
    ([name, by]) =>
      world.packages.get(name)?.installed !== undefined &&
      (world.packages.get(by)?.installed === undefined || going.includes(by)),
  )
  const sweeps = words[verb] === 'autoremove' || words.includes('--auto-remove')
  const removed = [...going, ...(sweeps ? swept.map(([name]) => name) : [])]
  const removals = removed.map((name) => `Remv ${name} [1]\n`)
  if (words[verb] !== 'install') return { code: 0, stdout: removals.join(''), stderr: '' }
  const lines: string[] = [...removals]
  const add = (given: string): void => {
    const [file = '', fileVersion = ''] = packageFiles.get(given)?.trim().split(' ') ?? []
    if (file !== '') {
      for (const need of lists[file]?.needs ?? []) add(need)
      lines.push(`Inst ${file} (${fileVersion} local-deb [amd64])\n`)
      return
    }
    const [name = '', version] = given.split('=')
    const offer = lists[name]
    if (!offer || (version !== undefined && version !== offer.version)) return
    const before = world.packages.get(name)?.installed
    if (before === offer.version) return
    for (const need of offer.needs ?? []) add(need)
    for (const gone of offer.replaces ?? []) lines.push(`Remv ${gone} [1]\n`)
    lines.push(`Inst ${name} ${before === undefined ? '' : `[${before}] `}(${offer.version} Repo [amd64])\n`)
  }
  for (const name of names) add(name)
  return { code: 0, stdout: lines.join(''), stderr: '' }
}

export const dkms: Offers = { dkms: { version: '3.0', needs: ['kmod'] }, kmod: { version: '30' } }
