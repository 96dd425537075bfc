import { unknownVersion } from '../../host/resources/package.ts'
import { UnknownError } from '../../base/unknown.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { addFile, fakeWorld, type FakeWorld, sha256 } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { globMatches } from '../../apt/simulation.ts'
import { apt } from './module.ts'

/** A repository in memory: version and dependencies by name. */
type Offers = Readonly<
  Record<string, { version: string; needs?: readonly string[]; replaces?: readonly string[] }>
>

interface Fake {
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

function fake(offers: Offers, installed: Readonly<Record<string, string>> = {}): Fake {
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

const dkms: Offers = { dkms: { version: '3.0', needs: ['kmod'] }, kmod: { version: '30' } }

test('a package is installed with its dependencies, and then nothing is left to do', async () => {
  const { world, ran } = fake(dkms)
  const { actions, report, diffs } = await converge(
    apt,
    { name: 'dkms', install_recommends: false, proxy: 'http://p:1' },
    world,
  )
  assert.equal(world.packages.get('kmod')?.installed, '30')
  assert.deepEqual(report, { versions: { dkms: '3.0' } })
  assert.deepEqual(diffs, [{ title: 'packages', before: '', after: 'dkms 3.0\nkmod 30\n' }])
  assert.equal(
    ran[0],
    'apt-get -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -o Acquire::http::Proxy=http://p:1 -o Acquire::https::Proxy=http://p:1 ' +
      '-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --no-remove --no-install-recommends install dkms',
  )
  assertHas(actions, [
    {
      environment: { DEBIAN_FRONTEND: 'noninteractive' },
      detached: { name: 'apt' },
      lock: { kind: 'dpkg' },
      label: 'install dkms',
      effects: [
        { kind: 'package', name: 'kmod', becomes: { installed: '30' } },
        { kind: 'package', name: 'dkms', becomes: { installed: '3.0' } },
        { kind: 'brings', what: 'kmod, dkms' },
      ],
    },
  ])
})

test('an installed package is not looked up in the repositories', async () => {
  const { world } = fake(dkms, { dkms: '2.0' })
  world.unknown.add('ask')
  assert.deepEqual((await planOnce(apt, { name: ['dkms'], update_cache: true }, world)).actions, [])
})

test('a version that was asked for replaces another', async () => {
  const { world } = fake(dkms, { dkms: '2.0', kmod: '30' })
  await converge(apt, { name: 'dkms=3.0' }, world)
  assert.equal(world.packages.get('dkms')?.installed, '3.0')
})

test('latest upgrades, and then nothing is left to do', async () => {
  const { world } = fake(dkms, { dkms: '2.0', kmod: '30' })
  const { diffs } = await converge(apt, { name: 'dkms', state: 'latest' }, world)
  assert.deepEqual(diffs, [{ title: 'packages', before: 'dkms 2.0\n', after: 'dkms 3.0\n' }])
})

test('lists are fetched where a package is in none, even unasked', async () => {
  const state = fake(dkms)
  state.lists = {}
  const { stages } = await converge(apt, { name: 'dkms' }, state.world)
  assert.deepEqual(stages, ['update the package lists'])
  assert.match(state.ran[0] ?? '', / update$/)
})

test('a package that no repository offers is named after the lists are updated', async () => {
  const { end, stages } = await converge(apt, { name: 'none' }, fake(dkms).world)
  assert.deepEqual(stages, ['update the package lists'])
  assert.equal(end.refusal?.message, 'no configured repository offers the package none')
})

test('an optional package that no repository offers is a warning, and the others are installed', async () => {
  const state = fake(dkms)
  const { end, stages } = await converge(apt, { name: ['dkms', 'none'], optional: true }, state.world)
  assert.deepEqual(stages, ['update the package lists'])
  assert.equal(end.refusal, undefined)
  assert.deepEqual(end.warnings, ['not installed, because no repository offers it: none'])
  assert.equal(state.world.packages.get('dkms')?.installed, dkms['dkms']?.version)
  const alone = await converge(apt, { name: 'none', optional: true }, fake(dkms).world)
  assert.deepEqual([alone.end.refusal, alone.end.warnings.length], [undefined, 1])
})

test('old lists are fetched when asked, also without a package, and once', async () => {
  const { world } = fake(dkms)
  assert.deepEqual((await converge(apt, { update_cache: true }, world)).stages, ['update the package lists'])
  assert.deepEqual((await converge(apt, { update_cache: true }, world)).stages, [])
})

test('removals that were not named are refused before anything is done', async () => {
  const { world } = fake({ cuda: { version: '12', replaces: ['proxmox-ve', 'nvidia-old-1'] } })
  const refused = await planOnce(apt, { name: 'cuda', allow_remove: ['nvidia-*'] }, world)
  assert.deepEqual(
    [refused.refusal?.code, refused.refusal?.message],
    ['apt-would-remove', 'apt would also remove proxmox-ve'],
  )
  const allowed = await planOnce(apt, { name: 'cuda', allow_remove: ['nvidia-*', 'proxmox-ve'] }, world)
  assertHas(allowed.actions, [{ effects: [{ name: 'proxmox-ve' }, { name: 'nvidia-old-1' }, {}, {}] }])
  assert.ok(allowed.actions.every((action) => action.kind !== 'run' || !action.argv.includes('--no-remove')))
})

test('packages that must not come in are refused before anything is done', async () => {
  const { world } = fake({
    cuda: { version: '12', needs: ['nvidia-driver-570'] },
    'nvidia-driver-570': { version: '570' },
  })
  const { refusal } = await planOnce(apt, { name: 'cuda', forbid: ['nvidia-driver*', 'libcuda1'] }, world)
  assert.equal(refusal?.message, 'apt would install nvidia-driver-570, which `forbid` lists')
})

test('packages go, with their configuration where asked', async () => {
  const { world, ran } = fake({}, { dkms: '3.0' })
  await converge(apt, { name: 'dkms', state: 'absent', purge: true }, world)
  assert.match(ran[0] ?? '', / purge dkms$/)
})

test('with autoremove, the packages that only the removed one needed go with it, and no others', async () => {
  const state = fake({}, { dkms: '3', kmod: '30', old: '1', jq: '1' })
  state.neededBy.set('kmod', 'dkms').set('old', 'gone').set('jq', 'curl')
  state.world.packages.set('curl', { installed: '8', status: 'installed' })
  const args = { name: 'dkms', state: 'absent', autoremove: true }
  const { actions, diffs } = await converge(apt, args, state.world)
  assert.deepEqual(diffs, [{ title: 'packages', before: 'dkms\nkmod\nold\n', after: '' }])
  assert.match(state.ran[0] ?? '', / --auto-remove remove dkms$/)
  assert.equal(actions.length, 1)
})

test('autoremove allows only the removal of packages that none needs', async () => {
  const state = fake({ cuda: { version: '12', replaces: ['proxmox-ve'] } }, { old: '1' })
  state.neededBy.set('old', 'gone')
  const args = { name: 'cuda', autoremove: true }
  const { refusal } = await planOnce(apt, args, state.world)
  assert.equal(refusal?.message, 'apt would also remove proxmox-ve')
  const { actions } = await planOnce(apt, { ...args, allow_remove: ['proxmox-ve'] }, state.world)
  assertHas(actions, [{ effects: [{ name: 'old' }, { name: 'proxmox-ve' }, {}, {}] }])
})

test('autoremove alone removes what no package needs, with its configuration if asked, and then nothing', async () => {
  const state = fake({}, { old: '1', dkms: '3' })
  state.neededBy.set('old', 'gone')
  const { actions } = await converge(apt, { autoremove: true, purge: true }, state.world)
  assertHas(actions, [
    {
      label: 'remove what no package needs any more: old',
      effects: [{ kind: 'package', name: 'old', becomes: { installed: undefined } }],
    },
  ])
  assert.match(state.ran[0] ?? '', / purge old$/)
  assert.deepEqual((await planOnce(apt, { name: 'dkms', autoremove: true }, state.world)).actions, [])
})

test('a package file of the host is installed with its dependencies, unless its version is installed', async () => {
  const state = fake({ ...dkms, tool: { version: '0', needs: ['kmod'] } }, {})
  addFile(state.world, '/srv/tool.deb', 'bytes')
  state.packageFiles.set('/srv/tool.deb', 'tool 2.0\n')
  const { actions, report } = await converge(apt, { deb: '/srv/tool.deb' }, state.world)
  assertHas(actions, [
    {
      label: 'install /srv/tool.deb',
      effects: [{ name: 'kmod' }, { name: 'tool', becomes: { installed: '2.0' } }, {}],
    },
  ])
  assert.match(state.ran[0] ?? '', / install \/srv\/tool\.deb$/)
  assert.deepEqual(report, { versions: { tool: '2.0' } })
  assert.deepEqual((await planOnce(apt, { deb: '/srv/tool.deb' }, state.world)).actions, [])
})

test('a package file is downloaded once, and again if its checksum is another', async () => {
  const url = 'https://vendor.example/pool/tool.deb'
  const state = fake({ tool: { version: '0' } })
  state.world.http.set(url, { status: 200, length: 5, body: 'bytes' })
  const checksum = `sha256:${sha256('bytes')}`
  const first = await planOnce(apt, { deb: url, checksum }, state.world)
  assert.equal(first.stage, 'download the package')
  assertHas(first.actions, [
    { kind: 'makeDirectory', path: '/var/cache/gpuplay/packages' },
    { kind: 'download', url, sha256: sha256('bytes') },
  ])
  const [, download] = first.actions
  const path = download?.kind === 'download' ? download.path : ''
  assert.match(path, /^\/var\/cache\/gpuplay\/packages\/[0-9a-f]{16}-tool\.deb$/)
  state.packageFiles.set(path, 'tool 2.0\n')
  const { stages } = await converge(apt, { deb: url, checksum }, state.world)
  assert.deepEqual(stages, ['download the package'])
  assert.deepEqual((await planOnce(apt, { deb: url, checksum }, state.world)).actions, [])
  addFile(state.world, path, 'other')
  assert.equal((await planOnce(apt, { deb: url, checksum }, state.world)).stage, 'download the package')
})

test('a file that is missing, has another checksum or is no package is refused', async () => {
  const { world } = fake({})
  addFile(world, '/srv/x.deb', 'x')
  const code = async (args: Readonly<Record<string, unknown>>): Promise<string | undefined> =>
    (await planOnce(apt, { deb: '/srv/x.deb', ...args }, world)).refusal?.code
  assert.equal(await code({ deb: '/srv/none.deb' }), 'file-not-found')
  assert.equal(await code({ checksum: `sha256:${sha256('y')}` }), 'checksum-mismatch')
  assert.equal(await code({}), 'not-a-package')
  await assert.rejects(code({ name: 'x' }), /name/)
  await assert.rejects(code({ deb: 'http://vendor.example/x.deb' }), /deb/)
})

test('a dry run that cannot read a package file says that it may be installed, and that packages may change', async () => {
  const { world } = fake({})
  addFile(world, '/srv/x.deb', 'x')
  world.unknown.add('ask')
  const { actions, doubt } = await planOnce(apt, { deb: '/srv/x.deb' }, world)
  assert.notEqual(doubt, undefined)
  assertHas(actions, [
    {
      label: 'install /srv/x.deb',
      effects: [{ kind: 'unknown', resources: ['package:*'] }, { kind: 'brings' }],
    },
  ])
})

test('an interrupted run is finished first', async () => {
  const { world, ran } = fake(dkms)
  world.packages.set('grub', { installed: '2', status: 'half-configured' })
  const { stages } = await converge(apt, { name: 'dkms' }, world)
  assert.deepEqual(stages, ['finish an interrupted installation'])
  assert.match(ran[0] ?? '', / dpkg --force-confdef --force-confold --configure -a$/)
})

test('a package that cannot be configured is removed without configuring it first', async () => {
  const { world, ran } = fake({}, { dkms: '3.0' })
  world.packages.set('dkms', { installed: '3.0', status: 'half-configured' })
  const { stages } = await converge(apt, { name: 'dkms', state: 'absent' }, world)
  assert.deepEqual(stages, [])
  assert.match(ran.join(), /^apt-get .* remove dkms$/)
})

test('another package that is half configured is finished before one is removed', async () => {
  const { world } = fake({}, { dkms: '3.0' })
  world.packages.set('grub', { installed: '2', status: 'unpacked' })
  const { stages } = await converge(apt, { name: 'dkms', state: 'absent' }, world)
  assert.deepEqual(stages, ['finish an interrupted installation'])
})

test('a dry run that cannot simulate says that the package comes, and that more may', async () => {
  const { world } = fake(dkms)
  world.unknown.add('ask')
  const { actions } = await planOnce(apt, { name: 'dkms' }, world)
  assertHas(actions, [
    {
      effects: [
        { kind: 'unknown', resources: ['package:*'] },
        { kind: 'package', name: 'dkms', becomes: { installed: unknownVersion } },
        { kind: 'brings', what: 'dkms' },
      ],
    },
  ])
})

test('whether there is something newer is unknown to a dry run that cannot ask', async () => {
  const { world } = fake(dkms, { dkms: '2.0' })
  world.unknown.add('ask')
  await assert.rejects(planOnce(apt, { name: 'dkms', state: 'latest' }, world), UnknownError)
})

test('whether an optional package comes is unknown to a dry run that cannot ask for it', async () => {
  const { world } = fake(dkms)
  world.unknown.add('ask')
  await assert.rejects(planOnce(apt, { name: 'dkms', optional: true }, world), UnknownError)
})

test('a name with a final minus, with which apt would remove, is not accepted', async () => {
  await assert.rejects(planOnce(apt, { name: 'dkms-' }, fake({}).world), /name/)
})

test('globs stand for whole names, whatever the architecture', () => {
  assert.ok(globMatches('libnvidia-*', 'libnvidia-ml1:i386'))
  assert.ok(globMatches('g++', 'g++'))
  assert.ok(!globMatches('nvidia', 'nvidia-smi'))
})
