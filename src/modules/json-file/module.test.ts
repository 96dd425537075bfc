import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { fakeWorld, type FakeWorld } from '../testing/fake-host.ts'
import { jsonFile } from './module.ts'

const path = '/etc/docker/daemon.json'
const values = {
  features: { cdi: true },
  runtimes: { nvidia: { path: 'nvidia-container-runtime', args: [] } },
}

const textOf = (world: FakeWorld): unknown => JSON.parse(world.files.get(path)?.text ?? '')

test('a missing or empty file gets the keys, and nothing is planned afterwards', async () => {
  for (const files of [{ '/etc/docker/key.json': '{}' }, { [path]: '\n' }]) {
    const world = fakeWorld(files)
    const { actions } = await converge(jsonFile, { path, values }, world)
    assert.deepEqual(
      actions.map(({ kind, label }) => [kind, label]),
      [['writeFile', `set features, runtimes in ${path}`]],
    )
    assert.deepEqual(textOf(world), values)
    assert.equal(world.files.get(path)?.text, `${JSON.stringify(values, undefined, 4)}\n`)
  }
})

test('other keys are kept, at every level, in their order', async () => {
  const before = {
    'log-driver': 'journald',
    runtimes: { kata: { path: '/k' }, nvidia: { path: '/old', args: ['x'] } },
    features: { buildkit: true },
    'default-runtime': 'nvidia',
  }
  const world = fakeWorld({ [path]: JSON.stringify(before) })
  await converge(jsonFile, { path, values }, world)
  assert.deepEqual(textOf(world), {
    'log-driver': 'journald',
    runtimes: { kata: { path: '/k' }, ...values.runtimes },
    features: { buildkit: true, cdi: true },
    'default-runtime': 'nvidia',
  })
  assert.match(world.files.get(path)?.text ?? '', /^\{\n {4}"log-driver"[^]*runtimes[^]*features[^]*default/)
})

test('a file that has the values in another layout is left as it is', async () => {
  const text = `{"runtimes":{"nvidia":{"args":[],"path":"nvidia-container-runtime"}},"features":{"cdi":true}}`
  assert.deepEqual((await planOnce(jsonFile, { path, values }, fakeWorld({ [path]: text }))).actions, [])
})

test('a file that is not a JSON object is refused, and so is a missing directory', async () => {
  for (const text of ['{"a": 1,}', '[]', '"x"', 'null'])
    assert.equal(
      (await planOnce(jsonFile, { path, values }, fakeWorld({ [path]: text }))).refusal?.code,
      'not-json',
    )
  assert.equal((await planOnce(jsonFile, { path, values }, fakeWorld())).refusal?.code, 'no-directory')
  const directory = fakeWorld({ [`${path}/x`]: '' })
  assert.equal((await planOnce(jsonFile, { path, values }, directory)).refusal?.code, 'wrong-kind-of-file')
})
