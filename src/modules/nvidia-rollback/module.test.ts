import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Refusal } from '../../host/plan.ts'
import { nvidiaRollback } from './module.ts'

const note = '/var/lib/gpuplay/v1/driver-previous'
const replaced = '/var/lib/gpuplay/v1/driver-replaced'

interface Answer {
  readonly version: string
  readonly message: string | undefined
  readonly refusal: Refusal | undefined
}

async function rollback(given: GpuHost, to = ''): Promise<Answer> {
  const args = { version: '590.48.01', to }
  const seen = await nvidiaRollback.probe(args, gpuHost(given))
  const { refusal, actions } = nvidiaRollback.plan(args, seen)
  assert.deepEqual(actions, [])
  const { version } = nvidiaRollback.report(args, seen)
  return { version, refusal, message: nvidiaRollback.message(args, seen) }
}

const node = (loaded: string, files: Readonly<Record<string, string>> = {}): GpuHost => ({
  modules: { nvidia: { version: loaded } },
  files,
})

test('a node with the version of the inventory returns to the one before', async () => {
  const { version, message } = await rollback(node('590.48.01', { [note]: '580.95.05\n' }))
  assert.equal(version, '580.95.05')
  assert.equal(message, 'returns from driver 590.48.01 to 580.95.05')
})

test('a node that has returned stays, although the note names the newer version', async () => {
  const { version, message } = await rollback(node('580.95.05', { [note]: '590.48.01\n' }))
  assert.equal(version, '580.95.05')
  assert.equal(message, 'driver 580.95.05 stays: it is not 590.48.01')
})

test('an upgrade that has not loaded its driver yet is not the version before', async () => {
  const files = { [note]: '570.207\n', [replaced]: '590.48.01\n' }
  assert.equal((await rollback(node('590.48.01', files))).version, '570.207')
})

test('a rollback that was interrupted before any driver was loaded continues', async () => {
  const files = { [replaced]: '590.48.01\n', '/var/lib/nvidia/log': '1.0-1 (580.95.05)\n' }
  assert.equal((await rollback({ modules: {}, files })).version, '580.95.05')
})

test('without a note, the version must be named', async () => {
  const { refusal } = await rollback(node('590.48.01'))
  assert.equal(refusal?.message, 'no version before 590.48.01 is known on this node')
  assert.equal(refusal.hint, 'name the version to return to: -e rollback_version=VERSION')
  assert.equal((await rollback(node('590.48.01'), '570.207')).version, '570.207')
  assert.equal((await rollback({ modules: {} })).refusal?.code, 'no-earlier-driver')
})
