import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { assertHas } from '../testing/has.ts'
import type { Args } from './args.ts'
import { nvidiaForeignDriver } from './module.ts'

const packaged = {
  'dpkg-query': {
    code: 1,
    stdout: 'installed nvidia-driver\ninstalled libcuda1\ninstalled libnvidia-container1\n',
  },
}

async function planOf(policy: Args['policy'], given: GpuHost, version = '580.95.05'): Promise<Plan> {
  const args: Args = { version, policy }
  return nvidiaForeignDriver.plan(args, await nvidiaForeignDriver.probe(args, gpuHost(given)))
}

test('a node without driver packages is left alone', async () => {
  const plan = await planOf('refuse', { programs: { 'dpkg-query': { code: 1 } } })
  assert.deepEqual(plan.actions, [])
  assert.equal(plan.refusal, undefined)
})

test('a packaged driver is refused by name, or warned of where it is the wanted one', async () => {
  assert.match(
    (await planOf('refuse', { programs: packaged })).refusal?.message ?? '',
    /libcuda1, nvidia-driver$/,
  )
  const right = await planOf('refuse', { programs: packaged, modules: { nvidia: { version: '580.95.05' } } })
  assert.equal(right.refusal, undefined)
  assert.equal(right.warnings.length, 1)
})

test('where it may be removed exactly the driver packages are purged', async () => {
  const simulation = { 'apt-get -s -y purge': { stdout: 'Purg nvidia-driver [535]\nPurg libcuda1 [535]\n' } }
  const { actions } = await planOf('remove', { programs: { ...packaged, ...simulation } })
  const [purge] = actions
  assert.deepEqual(purge?.kind === 'run' ? purge.argv.slice(-3) : [], ['purge', 'libcuda1', 'nvidia-driver'])
  assert.ok(purge?.effects?.some((effect) => effect.kind === 'package' && effect.name === 'libcuda1'))
})

test('the purge predicts everything that apt removes, half-configured packages included', async () => {
  const simulation = {
    'apt-get -s -y purge': {
      stdout: 'Purg nvidia-driver [535]\nPurg libcuda1 [535]\nRemv nvidia-smi [535]\n',
    },
  }
  const broken = {
    'dpkg-query': { code: 1, stdout: 'half-configured nvidia-driver 535\ninstalled libcuda1 535\n' },
  }
  const { actions } = await planOf('remove', { programs: { ...broken, ...simulation } })
  assertHas(actions, [
    {
      environment: { NEEDRESTART_SUSPEND: '1' },
      effects: ['nvidia-driver', 'libcuda1', 'nvidia-smi']
        .map((name): unknown => ({ kind: 'package', name, becomes: { installed: undefined } }))
        .concat([{ kind: 'unknown' }]),
    },
  ])
})

test('with the packages goes the way back to packages that an earlier change has recorded', async () => {
  const simulation = { 'apt-get -s -y purge': { stdout: 'Purg nvidia-driver [535]\nPurg libcuda1 [535]\n' } }
  const record = '/var/lib/gpuplay/v1/driver-before'
  const files = { [record]: '535.247.01\napt-get\n' }
  const { actions } = await planOf('remove', { programs: { ...packaged, ...simulation }, files })
  assertHas(actions, [{ kind: 'run' }, { kind: 'remove', path: record }])
})

test('nothing is removed while the installer of the .run could not run', async () => {
  const simulation = { 'apt-get -s -y purge': { stdout: 'Purg nvidia-driver [535]\nPurg libcuda1 [535]\n' } }
  const programs = { ...packaged, ...simulation }
  const modules = { nvidia: { version: '535.261.03' } }
  const old = await planOf('remove', { programs, modules }, '535.261.03')
  assert.equal(old.refusal?.code, 'driver-in-use')
  assert.equal((await planOf('remove', { programs }, '535.261.03')).refusal, undefined)
  assert.equal((await planOf('remove', { programs, modules })).refusal, undefined)
})

test('a simulation that fails is explained before anything is purged', async () => {
  const conflict = 'E: Conflicting values set for option Signed-By regarding source https://x/ /: /a != /b\n'
  const plan = await planOf('remove', {
    programs: { ...packaged, 'apt-get -s -y purge': { code: 100, stderr: conflict } },
  })
  assert.equal(plan.refusal?.code, 'signed-by-conflict')
})

test('nothing is removed when that would take something else along', async () => {
  const simulation = {
    'apt-get -s -y purge': { stdout: 'Purg nvidia-driver [535]\nRemv nvidia-container-toolkit [1.17]\n' },
  }
  const plan = await planOf('remove', { programs: { ...packaged, ...simulation } })
  assert.deepEqual(plan.actions, [])
  assert.match(plan.refusal?.message ?? '', /nvidia-container-toolkit/)
})
