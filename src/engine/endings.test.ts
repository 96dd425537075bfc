/** The end of a run and its last event. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { type Folder, lastEvent, localFolder } from './testing/local-run.ts'

let folder: Folder

const two = { inventories: ['a,b'], extraVars: ['connection=local'] }

describe('the end of a run', () => {
  beforeEach(() => {
    folder = localFolder()
  })
  // For this suite only: all test files share a process, and a test of another file may be running when this
  // is read.
  afterEach(() => folder.remove())

  test('an ignored failure counts only as ignored', async () => {
    const run = await folder.run(`
- hosts: all
  tasks:
    - name: breaks
      fail: { msg: no }
      ignore_errors: true
    - name: goes on
      debug: { msg: yes }
`)
    const none = { changed: 0, skipped: 0, failed: 0, unreachable: 0, unknown: 0, rescued: 0 }
    assert.deepEqual(lastEvent(run).hosts, { localhost: { ...none, ok: 1, ignored: 1 } })
    assert.deepEqual(lastEvent(run).failures, [])
    assert.equal(run.exitCode, 0)
  })

  test('the closing line names the host and task of a failure', async () => {
    const run = await folder.run(
      `
- hosts: all
  tasks:
    - name: breaks on one
      fail: { msg: no }
      when: inventory_hostname == "b"
      exit_code: 5
`,
      two,
    )
    const [failure, ...others] = lastEvent(run).failures
    assert.equal(failure?.host, 'b')
    assert.equal(failure.task?.name, 'breaks on one')
    assert.equal(failure.exitCode, 5)
    assert.deepEqual(others, [])
    assert.equal(run.exitCode, 5)
  })

  test('files that only Ansible reads are reported once, with what to do instead', async () => {
    const own = localFolder()
    own.write('ansible.cfg', '[defaults]\nforks = 20\n')
    own.write('library/thing.py', '')
    own.write('filter_plugins/.gitkeep', '')
    try {
      const { events, exitCode } = await own.run('- hosts: localhost\n  tasks: [{ debug: { msg: x } }]\n')
      assert.equal(exitCode, 0)
      assert.deepEqual(
        events.flatMap((event) =>
          event.type === 'warning' ? [event.message.replaceAll(`${own.path}/`, '')] : [],
        ),
        [
          'gpuplay does not read "ansible.cfg": put defaults of options into gpuplay.yml (see "gpuplay config"), and connection variables into the inventory',
          'gpuplay cannot run the modules for Ansible in "library": use other modules (see "gpuplay modules")',
        ],
      )
    } finally {
      own.remove()
    }
  })

  const fatal = (setting: string): string => `
- hosts: all
  name: First
${setting}
  tasks:
    - name: breaks on one
      fail: { msg: no }
      when: inventory_hostname == "a"
- hosts: all
  name: Second
  tasks:
    - name: later play
      debug: { msg: reached }
`

  test('any_errors_fatal ends the run for all hosts, including later plays, with a warning', async () => {
    const run = await folder.run(fatal('  any_errors_fatal: true'), two)
    assert.equal(run.outcomes['later play'], undefined)
    assert.equal(run.exitCode, 7)
    const warnings = run.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))
    assert.deepEqual(warnings, [
      'stopping the run on all hosts: this host failed, and play "First" sets any_errors_fatal',
    ])
  })

  test('without any_errors_fatal the other hosts continue', async () => {
    const run = await folder.run(fatal('  strategy: free'), two)
    assert.equal(run.outcomes['later play'], 'ok')
    assert.equal(run.exitCode, 7)
  })
})
