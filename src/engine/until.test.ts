import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { folderOfTests } from './testing/local-run.ts'
import { playOf } from './testing/play-text.ts'

describe('until', () => {
  const folder = folderOfTests()

  const tasks = (text: string, handlers = ''): string => playOf(text, { out: `${folder.path}/out`, handlers })

  test('what earlier tasks change is sent before a task that only reads waits for its effect', async () => {
    const run = await folder.run(
      tasks(`
- name: background
  shell: { cmd: "(until [ -e {{ out }}-go ]; do sleep 0.05; done; touch {{ out }}-made) > /dev/null 2>&1 &" }
- { name: go, copy: { content: x, dest: "{{ out }}-go" } }
- name: waits
  stat: { path: "{{ out }}-made" }
  register: made
  until: made.stat.exists
  retries: 5
  delay: 1
`),
    )
    assert.equal(run.outcomes['waits'], 'ok')
  })

  test('until retries, and fails with a message', async () => {
    const run = await folder.run(
      tasks(`
- name: count
  shell: { cmd: "echo x >> {{ out }}-count; wc -l < {{ out }}-count" }
  register: count
  until: count.stdout == "3"
  retries: 5
  delay: 0
- name: never
  command: { cmd: "echo no", reads: true }
  register: never
  until: never.stdout == "yes"
  retries: 1
  delay: 0
`),
    )
    assert.equal(readFileSync(join(folder.path, 'out-count'), 'utf8'), 'x\nx\nx\n')
    assert.equal(run.outcomes['never'], 'failed')
    const failed = run.events.find((event) => event.type === 'task.finished' && event.outcome === 'failed')
    assert.match(
      failed?.type === 'task.finished' ? (failed.detail.problem?.message ?? '') : '',
      /gave up after 2 attempts: "until" stayed false: never\.stdout == "yes"/,
    )
  })
})
