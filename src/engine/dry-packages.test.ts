import assert from 'node:assert/strict'
import { test } from 'node:test'
import { program, scratchFolder } from '../connection/testing/programs.ts'
import { folderOfTests, localReach, testWorld } from './testing/local-run.ts'

const folder = folderOfTests()
const programs = scratchFolder()
/** This machine without package lists: apt has never fetched any. */
program(programs, 'apt-cache', 'exit 0\n')
program(programs, 'find', 'case "$*" in */var/lib/apt/*) exit 0;; esac\nexec /usr/bin/find "$@"\n')

test('a dry run does not predict a package that is missing from the lists before they are fetched, nor its dependencies', async () => {
  const { outcomes, events, exitCode } = await folder.run(
    `- hosts: localhost
  gather_facts: false
  tasks:
    - { name: install, apt: { name: gpuplay-no-such-package } }
    - { name: look, stat: { path: /usr/bin/no-such-program } }
    - { name: elsewhere, stat: { path: /srv/no-such-file } }
    - { name: remove, apt: { name: gpuplay-no-such-package, state: absent } }
`,
    { check: true },
    { reach: localReach(testWorld(folder.path), programs) },
  )
  assert.deepEqual(outcomes, { install: 'unknown', look: 'unknown', elsewhere: 'ok', remove: 'unknown' })
  const install = events.find((event) => event.type === 'task.finished' && event.task.name === 'install')
  assert.ok(install?.type === 'task.finished')
  assert.equal(
    install.detail.why,
    'whether a repository offers gpuplay-no-such-package is known only after the package lists are updated',
  )
  assert.equal(exitCode, 0)
})
