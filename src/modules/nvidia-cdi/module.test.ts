import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cdiFile } from '../../nvidia/cdi.ts'
import { converge, planOnce } from '../testing/converge.ts'
import { fakeWorld, makeParents, type FakeWorld } from '../testing/fake-host.ts'
import { nvidiaCdi } from './module.ts'

const libcuda = '/usr/lib/x86_64-linux-gnu/libcuda.so.1'

interface Scene {
  readonly driver?: string
  readonly gpus?: readonly number[]
  readonly toolkit?: string
  readonly spec?: string
}

function specOf(driver: string, gpus: readonly number[]): string {
  return [
    ...gpus.map((minor) => `  - path: /dev/nvidia${minor}`),
    `  - hostPath: /lib/libcuda.so.${driver}`,
    '',
  ].join('\n')
}

function worldOf({ driver = '580.95.05', gpus = [0], toolkit = '1.18.1-1', spec }: Scene = {}): FakeWorld {
  const world = fakeWorld(spec === undefined ? {} : { [cdiFile]: spec })
  const add = (path: string, file: object): void => {
    makeParents(world, path)
    world.files.set(path, { kind: 'character', mode: '0666', owner: 'root', group: 'root', ...file })
  }
  add('/dev/nvidiactl', { major: 195, minor: 255 })
  for (const minor of gpus) add(`/dev/nvidia${minor}`, { major: 195, minor })
  if (driver !== '') add(libcuda, { kind: 'link', target: `libcuda.so.${driver}` })
  world.packages.set('nvidia-container-toolkit-base', { installed: toolkit, status: 'installed' })
  world.program = ([name, ...words]) => {
    assert.deepEqual([name, ...words], ['nvidia-ctk', 'cdi', 'generate', '--output', cdiFile])
    world.files.set(cdiFile, {
      kind: 'file',
      text: specOf(driver, gpus),
      mode: '0644',
      owner: 'root',
      group: 'root',
    })
    return { code: 0, stdout: '', stderr: '' }
  }
  return world
}

const labels = async (scene: Scene): Promise<readonly (string | undefined)[]> =>
  (await converge(nvidiaCdi, {}, worldOf(scene))).actions.map(({ label, kind }) => label ?? kind)

test('the specification is generated once', async () => {
  assert.deepEqual(await labels({}), ['makeDirectory', 'generate the CDI specification: there is none'])
  assert.deepEqual(await labels({ spec: specOf('580.95.05', [0]) }), [])
})

test('it is generated again after an exchange of the driver, and for other GPUs', async () => {
  assert.deepEqual(await labels({ driver: '590.48.01', spec: specOf('580.95.05', [0]) }), [
    'generate the CDI specification: it names driver 580.95.05, and 590.48.01 is installed',
  ])
  assert.deepEqual(await labels({ gpus: [1], spec: specOf('580.95.05', [0]) }), [
    'generate the CDI specification: it names /dev/nvidia0, and the container has /dev/nvidia1',
  ])
})

test('without a GPU or a driver it is removed, and older toolkits get none', async () => {
  const spec = specOf('580.95.05', [0])
  for (const scene of [{ gpus: [] }, { driver: '' }]) {
    assert.deepEqual(await labels({ ...scene, spec }), ['remove the CDI specification: there is no GPU'])
    assert.deepEqual(await labels(scene), [])
  }
  assert.deepEqual(await labels({ toolkit: '1.17.8-1' }), [])
})

test('the declared effect is the specification alone', async () => {
  const { actions } = await planOnce(nvidiaCdi, {}, worldOf())
  assert.deepEqual(actions.at(-1)?.effects, [
    {
      kind: 'unknown',
      resources: [`file:${cdiFile}`],
      why: 'an earlier action generates the CDI specification',
    },
  ])
})
