import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions } from './options.ts'

test('everything is measured if nothing is named, in the order of the bench', () => {
  const all = readOptions([], 'out.md')
  assert.deepEqual(all, {
    sizes: [1, 20, 100, 200],
    runs: 3,
    only: ['startup', 'counts', 'fleet', 'distance', 'site', 'push'],
    mostForPeers: 20,
    tools: ['gpuplay', 'mitogen', 'ansible', 'pyinfra'],
    out: 'out.md',
  })
  const words = '--only fleet,counts --hosts 3 --runs 7 --tools ansible,gpuplay --peers-up-to 4 --out x'
  const some = readOptions(words.split(' '), 'out.md')
  assert.deepEqual(some, {
    sizes: [3],
    runs: 7,
    only: ['counts', 'fleet'],
    mostForPeers: 4,
    tools: ['gpuplay', 'ansible'],
    out: 'x',
  })
})

test('a quick bench needs no lab with whole nodes', () => {
  const quick = readOptions(['--quick'], 'out.md')
  assert.ok(quick !== 'help')
  assert.deepEqual([quick.sizes, quick.runs], [[1, 5], 1])
  assert.ok(!quick.only.includes('site') && !quick.only.includes('push'))
})

test('an invalid value is reported with its option', () => {
  assert.throws(() => readOptions(['--hosts', '1,many'], ''), /^RangeError: --hosts: "many" is not a whole/)
  assert.throws(() => readOptions(['--only', 'flet'], ''), /^RangeError: --only: "flet" is unknown; use/)
  assert.throws(() => readOptions(['--host', '1'], ''), /Unknown option '--host'/)
})
