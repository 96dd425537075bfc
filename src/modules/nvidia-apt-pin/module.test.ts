import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { driverPin } from '../../nvidia/driver-packages.ts'
import { packagesPin, packagesPinFile } from '../../nvidia/packaged-driver.ts'
import { gpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { nvidiaAptPin } from './module.ts'

const path = '/etc/apt/preferences.d/gpuplay-nvidia.pref'

interface Look {
  readonly running?: boolean
  readonly packages?: string
}

async function look(
  state: Args['state'],
  text: string | undefined,
  { running = true, packages }: Look = {},
): Promise<Plan> {
  const status = { status: running ? 'running' : 'stopped', config: '', pid: undefined } as const
  const host: Host = {
    ...gpuHost({
      files: Object.fromEntries(
        [
          [path, text],
          [packagesPinFile, packages],
        ].filter(([, content]) => content !== undefined),
      ),
    }),
    node: gpuHost({ containers: { 101: status } }),
    placement: { ctid: '101', nodeName: undefined, cluster: undefined },
  }
  return nvidiaAptPin.plan({ state }, await nvidiaAptPin.probe({ state }, host))
}

test('the pin is written if it is missing or different, and removed if it is not requested', async () => {
  assert.deepEqual((await look('present', driverPin)).actions, [])
  for (const text of [undefined, 'Package: x\n']) {
    const [action] = (await look('present', text)).actions
    assert.deepEqual(action?.kind === 'writeFile' && action.content, { kind: 'text', text: driverPin })
  }
  assert.deepEqual((await look('absent', undefined)).actions, [])
  assert.deepEqual(
    (await look('absent', driverPin)).actions.map(({ kind }) => kind),
    ['remove'],
  )
})

test('a stopped container is not changed', async () => {
  assert.deepEqual((await look('present', undefined, { running: false })).actions, [])
})

test('a pin of packages to one version stays only where the driver comes from packages', async () => {
  const packages = packagesPin('535.261.03')
  const files = async (state: Args['state'], text: string | undefined): Promise<readonly string[]> =>
    (await look(state, text, { packages })).actions.map((action) =>
      'path' in action ? `${action.kind} ${action.path}` : action.kind,
    )
  assert.deepEqual(await files('present', driverPin), [`remove ${packagesPinFile}`])
  assert.deepEqual(await files('absent', driverPin), [`remove ${packagesPinFile}`, `remove ${path}`])
  assert.deepEqual(await files('packages', driverPin), [`remove ${path}`])
})
