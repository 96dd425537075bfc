/** Handlers that an earlier run has notified, and that did not run. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { type Folder, localFolder, type LocalRun } from './testing/local-run.ts'

describe('a handler that an earlier run has notified', () => {
  let folder: Folder
  beforeEach(async () => {
    folder = localFolder()
    const broken = await folder.run(`
- hosts: localhost
  tasks:
    - name: file
      copy: { content: x, dest: "${folder.path}/file" }
      notify: [note, topic]
    - name: stop
      fail: { msg: broken }
  handlers: ${handlers}
`)
    assert.equal(broken.exitCode, 7)
  })
  afterEach(() => folder.remove())

  const handlers = `
    - { name: note, debug: { msg: noted } }
    - { name: listener, debug: { msg: heard }, listen: topic }
`
  const sections = `
- hosts: localhost
  pre_tasks: [{ debug: { msg: x } }]
  tasks: [{ debug: { msg: x } }]
  post_tasks: [{ debug: { msg: x } }]
  handlers: ${handlers}
`
  const handled = ({ events }: LocalRun): readonly string[] =>
    events.flatMap((event) => (event.type === 'task.finished' && event.task.handler ? [event.task.name] : []))

  test('runs once, after the first section of the first play that defines it', async () => {
    for (const check of [true, false]) {
      const run = await folder.run(`${sections}${sections}`, { check })
      assert.deepEqual(handled(run), ['note', 'listener'])
      const first = run.events.findIndex((event) => event.type === 'task.finished' && event.task.handler)
      const tasks = run.events
        .slice(0, first)
        .filter((event) => event.type === 'task.finished' && !event.task.handler)
      assert.equal(tasks.length, 1)
    }
    assert.deepEqual(handled(await folder.run(sections)), [])
  })
})
