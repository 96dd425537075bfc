/** Modules that concern the machine that gpuplay runs on: its files, and its terminal. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { folderOfTests } from './testing/local-run.ts'

describe('a task', () => {
  const folder = folderOfTests()
  const at = (name: string): string => join(folder.path, name)

  it('saves a file seen from the playbook, in a run only, and once', async () => {
    folder.write('there', 'text')
    const playbook = `- hosts: localhost
  tasks:
    - name: fetch
      fetch: { src: ${at('there')}, dest: saved }
      register: fetched
    - name: flat
      fetch: { src: ${at('there')}, dest: flat/, flat: true }
    - debug: { msg: !cel fetched.dest }
`
    const dry = await folder.run(playbook, { check: true })
    assert.deepEqual([dry.outcomes['fetch'], dry.outcomes['flat']], ['changed', 'changed'])
    assert.equal(existsSync(at('saved')), false)
    const run = await folder.run(playbook)
    const saved = `${at('saved')}/localhost${at('there')}`
    assert.deepEqual(run.messages, [saved])
    assert.equal(readFileSync(saved, 'utf8'), 'text')
    assert.equal(readFileSync(at('flat/there'), 'utf8'), 'text')
    const again = await folder.run(playbook)
    assert.deepEqual([again.outcomes['fetch'], again.outcomes['flat']], ['ok', 'ok'])
  })

  it('runs a script from next to the playbook, with its arguments and interpreter', async () => {
    folder.write('made.sh', '#!/bin/bash\nset -u\nread -r nothing || echo "$1 in $PWD"\n')
    const run = await folder.run(`- hosts: localhost
  tasks:
    - script: { src: made.sh, args: [a b], chdir: ${folder.path} }
      register: made
    - debug: { msg: !cel made.stdout }
`)
    assert.deepEqual(run.messages, [`a b in ${folder.path}`])
  })

  it('waits in a run, and not in a dry run', async () => {
    const playbook = '- hosts: localhost\n  tasks:\n    - name: wait\n      pause: { seconds: 1 }\n'
    for (const check of [true, false]) {
      const started = performance.now()
      assert.equal((await folder.run(playbook, { check })).outcomes['wait'], 'ok')
      assert.equal(performance.now() - started >= 1000, !check)
    }
  })

  it('asks before the next task, and fails without a yes or a terminal', async () => {
    const playbook = `- hosts: localhost
  tasks:
    - name: ask
      pause: { prompt: Go on? }
    - name: next
      debug: { msg: here }
`
    const asked: string[] = []
    const answer = (yes: boolean) => ({
      confirm: (question: string) => {
        asked.push(question)
        return Promise.resolve(yes)
      },
    })
    assert.equal((await folder.run(playbook, {}, answer(true))).outcomes['next'], 'ok')
    const declined = await folder.run(playbook, {}, answer(false))
    assert.deepEqual([declined.outcomes['ask'], declined.outcomes['next']], ['failed', undefined])
    assert.equal((await folder.run(playbook)).outcomes['ask'], 'failed')
    assert.equal((await folder.run(playbook, { check: true }, answer(false))).outcomes['next'], 'ok')
    assert.deepEqual(asked, ['Go on?', 'Go on?'])
  })
})
