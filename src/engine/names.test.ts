import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folderOfTests } from './testing/local-run.ts'

const folder = folderOfTests()

test('task names are rendered for the host with results of earlier tasks; unknown parts stay as written', async () => {
  const playbook = `- hosts: localhost
  vars: { who: Ada }
  tasks:
    - name: Greet {{ who }} on {{ inventory_hostname }}
      command: { cmd: echo hello, reads: true }
      register: said
    - name: Repeat {{ said.stdout }}
      debug: { msg: x }
    - name: Say {{ item }}
      debug: { msg: x }
      loop: [a]
`
  for (const check of [false, true]) {
    const { outcomes } = await folder.run(playbook, { check })
    assert.deepEqual(Object.keys(outcomes), ['Greet Ada on localhost', 'Repeat hello', 'Say {{ item }}'])
  }
})

test('names of plays are rendered with variables of the play and the command line', async () => {
  const playbook =
    '- name: Greetings to {{ who }}\n  hosts: localhost\n  vars: { who: Ada }\n  tasks: [{ debug: { msg: x } }]\n'
  const { events } = await folder.run(playbook)
  const plays = events.flatMap((event) => ('play' in event ? [event.play] : []))
  assert.deepEqual(plays, ['Greetings to Ada', 'Greetings to Ada'])
})
