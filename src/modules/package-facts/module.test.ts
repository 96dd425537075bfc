import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { packageFacts } from './module.ts'

test('package_facts reports installed packages, once for each architecture', async () => {
  const world = fakeWorld()
  world.answer = ([program]) =>
    program === 'dpkg-query'
      ? {
          code: 0,
          stdout:
            'installed libc6 2.36-9 amd64\ninstalled libc6 2.36-9 i386\nconfig-files jq 1.6-2 amd64\ninstalled tzdata 2025b all\n',
          stderr: '',
        }
      : undefined
  const { actions, report } = await converge(packageFacts, {}, world)
  assert.deepEqual(actions, [])
  const libc = { name: 'libc6', version: '2.36-9', source: 'apt' }
  assert.deepEqual(report, {
    packages: {
      libc6: [
        { ...libc, arch: 'amd64' },
        { ...libc, arch: 'i386' },
      ],
      tzdata: [{ name: 'tzdata', version: '2025b', arch: 'all', source: 'apt' }],
    },
  })
})

test('a host without dpkg is a failure, not a host without packages', async () => {
  await assert.rejects(planOnce(packageFacts, {}, fakeWorld()), /cannot list the packages: dpkg-query: not/)
})
