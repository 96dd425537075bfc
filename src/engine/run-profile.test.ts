import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TaskTimes } from '../events/events.ts'
import { type LocalRun, folderOfTests } from './testing/local-run.ts'
import { playOf } from './testing/play-text.ts'

const folder = folderOfTests()
const out = join(folder.path, 'out')
mkdirSync(out)

const playbook = playOf(
  `
- name: file
  copy: { content: x, dest: "{{ out }}/a" }
- name: acts
  shell: { cmd: "sleep 0.7; echo x > {{ out }}/acted" }
- name: looks
  command: { cmd: "sleep 0.5", reads: true }
- name: waits
  command: { cmd: "cat /proc/uptime", reads: true }
  register: it
  until: it.attempts == 2
  retries: 1
  delay: 1
  ignore_errors: true
`,
  { out },
)

function finished({ events }: LocalRun): {
  readonly profile?: readonly TaskTimes[]
  readonly milliseconds: number
} {
  const last = events.at(-1)
  assert.ok(last?.type === 'run.finished')
  return last
}

test('a profile reports the times of a run, at most the elapsed time', async () => {
  const { profile = [], milliseconds } = finished(await folder.run(playbook, { profile: true }))
  const of = (task: string): Omit<TaskTimes, 'host' | 'task'> =>
    profile.find((one) => one.task?.name === task) ?? assert.fail(`no times of ${task}`)
  assert.ok(of('acts').act >= 700)
  assert.ok(of('looks').look >= 500)
  assert.ok(of('waits').wait >= 1000)
  assert.ok(profile.some(({ connect }) => connect > 0))
  const all = profile.reduce((sum, { connect, look, act, wait }) => sum + connect + look + act + wait, 0)
  // Rounding adds less than a millisecond per number.
  assert.ok(all <= milliseconds + 4 * profile.length)
})

test('without --profile a run reports no times', async () => {
  assert.equal('profile' in finished(await folder.run(playOf('- debug: { msg: x }', { out }))), false)
})
