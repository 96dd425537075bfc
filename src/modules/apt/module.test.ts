import { unknownVersion } from '../../host/resources/package.ts'
import { UnknownError } from '../../base/unknown.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { assertHas } from '../testing/has.ts'
import { globMatches } from '../../apt/simulation.ts'
import { apt } from './module.ts'
import { dkms, fakeApt } from './testing/fake-apt.ts'

test('a package is installed with its dependencies, and then nothing is left to do', async () => {
  const { world, ran } = fakeApt(dkms)
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
  const { world } = fakeApt(dkms, { dkms: '2.0' })
  world.unknown.add('ask')
  assert.deepEqual((await planOnce(apt, { name: ['dkms'], update_cache: true }, world)).actions, [])
})

test('a version that was asked for replaces another', async () => {
  const { world } = fakeApt(dkms, { dkms: '2.0', kmod: '30' })
  await converge(apt, { name: 'dkms=3.0' }, world)
  assert.equal(world.packages.get('dkms')?.installed, '3.0')
})

test('latest upgrades, and then nothing is left to do', async () => {
  const { world } = fakeApt(dkms, { dkms: '2.0', kmod: '30' })
  const { diffs } = await converge(apt, { name: 'dkms', state: 'latest' }, world)
  assert.deepEqual(diffs, [{ title: 'packages', before: 'dkms 2.0\n', after: 'dkms 3.0\n' }])
})

test('lists are fetched where a package is in none, even unasked', async () => {
  const state = fakeApt(dkms)
  state.lists = {}
  const { stages } = await converge(apt, { name: 'dkms' }, state.world)
  assert.deepEqual(stages, ['update the package lists'])
  assert.match(state.ran[0] ?? '', / update$/)
})

test('a package that no repository offers is named after the lists are updated', async () => {
  const { end, stages } = await converge(apt, { name: 'none' }, fakeApt(dkms).world)
  assert.deepEqual(stages, ['update the package lists'])
  assert.equal(end.refusal?.message, 'no configured repository offers the package none')
})

test('an optional package that no repository offers is a warning, and the others are installed', async () => {
  const state = fakeApt(dkms)
  const { end, stages } = await converge(apt, { name: ['dkms', 'none'], optional: true }, state.world)
  assert.deepEqual(stages, ['update the package lists'])
  assert.equal(end.refusal, undefined)
  assert.deepEqual(end.warnings, ['not installed, because no repository offers it: none'])
  assert.equal(state.world.packages.get('dkms')?.installed, dkms['dkms']?.version)
  const alone = await converge(apt, { name: 'none', optional: true }, fakeApt(dkms).world)
  assert.deepEqual([alone.end.refusal, alone.end.warnings.length], [undefined, 1])
})

test('old lists are fetched when asked, also without a package, and once', async () => {
  const { world } = fakeApt(dkms)
  assert.deepEqual((await converge(apt, { update_cache: true }, world)).stages, ['update the package lists'])
  assert.deepEqual((await converge(apt, { update_cache: true }, world)).stages, [])
})

test('removals that were not named are refused before anything is done', async () => {
  const { world } = fakeApt({ cuda: { version: '12', replaces: ['proxmox-ve', 'nvidia-old-1'] } })
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
  const { world } = fakeApt({
    cuda: { version: '12', needs: ['nvidia-driver-570'] },
    'nvidia-driver-570': { version: '570' },
  })
  const { refusal } = await planOnce(apt, { name: 'cuda', forbid: ['nvidia-driver*', 'libcuda1'] }, world)
  assert.equal(refusal?.message, 'apt would install nvidia-driver-570, which `forbid` lists')
})

test('packages go, with their configuration where asked', async () => {
  const { world, ran } = fakeApt({}, { dkms: '3.0' })
  await converge(apt, { name: 'dkms', state: 'absent', purge: true }, world)
  assert.match(ran[0] ?? '', / purge dkms$/)
})

test('an interrupted run is finished first', async () => {
  const { world, ran } = fakeApt(dkms)
  world.packages.set('grub', { installed: '2', status: 'half-configured' })
  const { stages } = await converge(apt, { name: 'dkms' }, world)
  assert.deepEqual(stages, ['finish an interrupted installation'])
  assert.match(ran[0] ?? '', / dpkg --force-confdef --force-confold --configure -a$/)
})

test('a package that cannot be configured is removed without configuring it first', async () => {
  const { world, ran } = fakeApt({}, { dkms: '3.0' })
  world.packages.set('dkms', { installed: '3.0', status: 'half-configured' })
  const { stages } = await converge(apt, { name: 'dkms', state: 'absent' }, world)
  assert.deepEqual(stages, [])
  assert.match(ran.join(), /^apt-get .* remove dkms$/)
})

test('another package that is half configured is finished before one is removed', async () => {
  const { world } = fakeApt({}, { dkms: '3.0' })
  world.packages.set('grub', { installed: '2', status: 'unpacked' })
  const { stages } = await converge(apt, { name: 'dkms', state: 'absent' }, world)
  assert.deepEqual(stages, ['finish an interrupted installation'])
})

test('a dry run that cannot simulate says that the package comes, and that more may', async () => {
  const { world } = fakeApt(dkms)
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
  const { world } = fakeApt(dkms, { dkms: '2.0' })
  world.unknown.add('ask')
  await assert.rejects(planOnce(apt, { name: 'dkms', state: 'latest' }, world), UnknownError)
})

test('whether an optional package comes is unknown to a dry run that cannot ask for it', async () => {
  const { world } = fakeApt(dkms)
  world.unknown.add('ask')
  await assert.rejects(planOnce(apt, { name: 'dkms', optional: true }, world), UnknownError)
})

test('a name with a final minus, with which apt would remove, is not accepted', async () => {
  await assert.rejects(planOnce(apt, { name: 'dkms-' }, fakeApt({}).world), /name/)
})

test('globs stand for whole names, whatever the architecture', () => {
  assert.ok(globMatches('libnvidia-*', 'libnvidia-ml1:i386'))
  assert.ok(globMatches('g++', 'g++'))
  assert.ok(!globMatches('nvidia', 'nvidia-smi'))
})
