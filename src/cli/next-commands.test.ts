import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextCommands } from './next-commands.ts'

const recorded = { inventory: ['my hosts.yml'], keepRuns: 50 }
const runs = "gpuplay runs -i 'my hosts.yml'"

for (const [words, expected] of [
  [['run', 'a.yml'], { rerun: 'gpuplay run a.yml --rerun-failed', runs }],
  [
    ['run', 'a.yml', '-CD', '-e', 'token=abc'],
    {
      rerun: 'gpuplay run a.yml -CD -e token=... --rerun-failed',
      real: 'gpuplay run a.yml -D -e token=...',
      runs,
    },
  ],
  [
    ['run', 'a.yml', '--check', '--rerun-failed'],
    { rerun: 'gpuplay run a.yml --check --rerun-failed', real: 'gpuplay run a.yml --rerun-failed', runs },
  ],
  [['apply', 'plan.json'], { runs }],
] as const) {
  test(`after ${words.join(' ')}`, () => assert.deepEqual(nextCommands(words, recorded), expected))
}

test('a run that is not recorded cannot be repeated on the hosts that failed', () => {
  assert.deepEqual(nextCommands(['run', 'a.yml'], { keepRuns: 0 }), {})
})
