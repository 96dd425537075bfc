import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { folderOfTests } from './testing/local-run.ts'
import { playOf } from './testing/play-text.ts'

describe('until', () => {
  const folder = folderOfTests()

  const tasks = (text: string, handlers = ''): string => playOf(text, { out: `${folder.path}/out`, handlers })

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
