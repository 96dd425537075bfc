/** Facts that a task reads from another host. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { type Folder, localFolder } from './testing/local-run.ts'

describe('a fact of another host', () => {
  let folder: Folder
  beforeEach(() => {
    folder = localFolder()
    folder.write(
      'hosts.yml',
      'all: { hosts: { here: { connection: local }, down: { address: 127.0.0.1, port: 1 } } }\n',
    )
  })
  afterEach(() => folder.remove())

  test('that does not answer fails the task and is named; the host of the task stays reachable', async () => {
    const run = await folder.run(
      `
- hosts: here
  tasks:
    - name: asks
      debug: { msg: "{{ hostvars.down.facts.kernel }}" }
      ignore_errors: true
    - name: goes on
      debug: { msg: "{{ facts.kernel }}" }
`,
      { inventories: [join(folder.path, 'hosts.yml')] },
    )
    assert.deepEqual(run.outcomes, { asks: 'failed', 'goes on': 'ok' })
    const [problem] = run.events.flatMap((event) =>
      event.type === 'task.finished' ? (event.detail.problem ?? []) : [],
    )
    assert.match(problem?.message ?? '', /^cannot read facts\.kernel of down: .*127\.0\.0\.1/)
    assert.equal(run.exitCode, 0)
  })
})
