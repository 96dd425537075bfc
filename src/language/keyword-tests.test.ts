/**
 * Every keyword has a place in a playbook where it makes a difference, and a test of its effect in a run, which
 * uses it and therefore fails without it.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  blockKeywords,
  handlerKeywords,
  includeKeywords,
  importKeywords,
  playKeywords,
  roleKeywords,
  taskKeywords,
} from './keywords.ts'
import { loadContents } from './testing/playbooks.ts'

/** Lines that a playbook has with and without the keyword, `@` for the keyword, and the file of its test. */
type Entry = readonly [playbook: string, keyword: string, tested: string]

const play = '- hosts: all\n@  tasks: [{ command: x }]\n'
const task = '- hosts: all\n  tasks:\n    - command: x\n@'
const block = '- hosts: all\n  tasks:\n    - block: [{ command: x }]\n      rescue: [{ command: y }]\n@'

const ofPlay: Readonly<Record<string, Entry>> = {
  after: [play, '  after: node\n', 'src/engine/once-gates.test.ts'],
  any_errors_fatal: [play, '  any_errors_fatal: true\n', 'src/engine/endings.test.ts'],
  force_handlers: [play, '  force_handlers: true\n', 'src/engine/chosen-tasks.test.ts'],
  handlers: [play, '  handlers: [{ name: h, command: x }]\n', 'src/engine/pending-handlers.test.ts'],
  hosts: ['- tasks: [{ command: x }]\n@', '  hosts: all\n', 'src/engine/batches.test.ts'],
  import_playbook: ['- hosts: all\n@', '- import_playbook: other.yml\n', 'src/language/playbook.test.ts'],
  max_fail_percentage: [play, '  max_fail_percentage: 0\n', 'src/engine/batches.test.ts'],
  name: [play, '  name: Play\n', 'src/engine/names.test.ts'],
  post_tasks: [play, '  post_tasks: [{ command: x }]\n', 'src/engine/pending-handlers.test.ts'],
  pre_tasks: [play, '  pre_tasks: [{ command: x }]\n', 'src/engine/pending-handlers.test.ts'],
  roles: [play, '  roles: [{ role: web, user_name: a }]\n', 'src/engine/chosen-tasks.test.ts'],
  serial: [play, '  serial: 1\n', 'src/engine/batches.test.ts'],
  strategy: [play, '  strategy: linear\n', 'src/engine/linear.test.ts'],
  tasks: ['- hosts: all\n@', '  tasks: [{ command: x }]\n', 'src/engine/batches.test.ts'],
  vars_prompt: [play, '  vars_prompt: [{ name: a }]\n', 'src/engine/prompts.test.ts'],
  vars_files: [play, '  vars_files: [v.yml]\n', 'src/engine/loops-and-files.test.ts'],
}

const ofTask: Readonly<Record<string, Entry>> = {
  always: [
    '- hosts: all\n  tasks:\n    - block: [{ command: x }]\n@',
    '      always: [{ command: y }]\n',
    'src/engine/blocks.test.ts',
  ],
  args: [
    '- hosts: all\n  tasks:\n    - command: x\n@',
    '      args: { chdir: / }\n',
    'src/engine/hostile-values.test.ts',
  ],
  async: [task, '      async: 5\n', 'src/engine/async-tasks.test.ts'],
  become: [task, '      become: true\n', 'src/task/prepare.test.ts'],
  become_user: [task, '      become_user: a\n', 'src/task/prepare.test.ts'],
  block: [
    '- hosts: all\n  tasks:\n    - command: x\n@',
    '    - block: [{ command: y }]\n',
    'src/engine/blocks.test.ts',
  ],
  changed_when: [task, '      changed_when: false\n', 'src/engine/run-playbooks.test.ts'],
  delay: [task, '      delay: 1\n', 'src/engine/until.test.ts'],
  delegate_facts: [task, '      delegate_facts: true\n', 'src/engine/delegated.test.ts'],
  delegate_to: [task, '      delegate_to: a\n', 'src/engine/delegated.test.ts'],
  environment: [task, '      environment: { A: b }\n', 'src/engine/run-secrets.test.ts'],
  exit_code: [task, '      exit_code: 3\n', 'src/engine/endings.test.ts'],
  failed_when: [task, '      failed_when: false\n', 'src/engine/run-playbooks.test.ts'],
  ignore_errors: [task, '      ignore_errors: true\n', 'src/engine/blocks.test.ts'],
  ignore_unreachable: [task, '      ignore_unreachable: true\n', 'src/engine/ignored-unreachable.test.ts'],
  loop: [task, '      loop: [1]\n', 'src/engine/loops-and-files.test.ts'],
  loop_control: [
    '- hosts: all\n  tasks:\n    - command: x\n      loop: [1]\n@',
    '      loop_control: { pause: 1 }\n',
    'src/engine/loops-and-files.test.ts',
  ],
  module_defaults: [
    task,
    '      module_defaults: { command: { chdir: / } }\n',
    'src/engine/loops-and-files.test.ts',
  ],
  no_log: [task, '      no_log: true\n', 'src/engine/run-secrets.test.ts'],
  notify: [
    `${task}  handlers: [{ name: h, command: x }]\n`,
    '      notify: h\n',
    'src/engine/pending-handlers.test.ts',
  ],
  poll: [
    '- hosts: all\n  tasks:\n    - command: x\n      async: 5\n@',
    '      poll: 0\n',
    'src/engine/async-tasks.test.ts',
  ],
  register: [task, '      register: it\n', 'src/engine/blocks.test.ts'],
  rescue: [
    '- hosts: all\n  tasks:\n    - block: [{ command: x }]\n@',
    '      rescue: [{ command: y }]\n',
    'src/engine/blocks.test.ts',
  ],
  retries: [task, '      retries: 1\n', 'src/engine/until.test.ts'],
  run_once: [task, '      run_once: true\n', 'src/engine/run-once.test.ts'],
  tags: [task, '      tags: a\n', 'src/engine/chosen-tasks.test.ts'],
  throttle: [task, '      throttle: 1\n', 'src/engine/limited-tasks.test.ts'],
  timeout: [task, '      timeout: 1\n', 'src/engine/limited-tasks.test.ts'],
  until: [task, '      until: true\n', 'src/engine/until.test.ts'],
  vars: [task, '      vars: { a: 1 }\n', 'src/engine/names.test.ts'],
  when: [task, '      when: false\n', 'src/engine/blocks.test.ts'],
}

const ofRole: Readonly<Record<string, Entry>> = {
  role: ['- hosts: all\n  roles:\n@', '    - { role: web, user_name: a }\n', 'src/language/playbook.test.ts'],
}

const ofHandler: Readonly<Record<string, Entry>> = {
  listen: [
    `${task}  handlers:\n    - name: h\n      command: x\n@`.replace('@', ''),
    '      listen: t\n',
    'src/engine/pending-handlers.test.ts',
  ],
}

/** Keywords that are only checked, with what they refuse. */
const checked: Readonly<Record<string, string>> = {
  become_method: play.replace('@', '  become_method: su\n'),
  gather_facts: play.replace('@', '  gather_facts: some\n'),
}

const root = join(import.meta.dirname, '../..')
const all = { ...ofPlay, ...ofTask, ...ofRole, ...ofHandler }

const load = (text: string): string => {
  const { playbook, problems } = loadContents({
    '/p/site.yml': text,
    '/p/other.yml': '- hosts: all\n  tasks: [{ command: y }]\n',
    '/p/v.yml': 'a: 1\n',
  })
  return JSON.stringify([playbook?.plays, problems], (key, value: unknown) => {
    if (key === 'where' || key.endsWith('At')) return undefined
    return value instanceof Map ? [...value] : value
  })
}

describe('keywords', () => {
  test('the table has every keyword', () => {
    const sets = [
      playKeywords,
      roleKeywords,
      taskKeywords,
      handlerKeywords,
      blockKeywords,
      importKeywords,
      includeKeywords,
    ]
    const known = new Set(sets.flatMap((set) => [...set]))
    assert.deepEqual([...Object.keys(all), ...Object.keys(checked)].toSorted(), [...known].toSorted())
  })

  for (const [name, [playbook, line, tested]] of Object.entries(all)) {
    test(`${name} makes a difference, and has a test`, () => {
      assert.notEqual(load(playbook.replace('@', line)), load(playbook.replace('@', '')))
      assert.match(readFileSync(join(root, tested), 'utf8'), new RegExp(`\\b${name}:`))
    })
  }

  test('without an effect there is no difference', () => {
    const text = play
    assert.equal(load(text.replace('@', '  gather_facts: false\n')), load(text.replace('@', '')))
  })

  for (const [name, text] of Object.entries(checked)) {
    test(`${name} is checked`, () => {
      assert.match(load(text), new RegExp(`"code":"invalid-keyword","message":"\\\\"${name}\\\\"`))
    })
  }

  test('a block and a play pass on what they inherit', () => {
    for (const name of ['timeout: 1', 'throttle: 1', 'run_once: true', 'ignore_unreachable: true'])
      for (const [text, indent] of [
        [block, '      '],
        [play, '  '],
      ] as const)
        assert.notEqual(load(text.replace('@', `${indent}${name}\n`)), load(text.replace('@', '')), name)
  })
})
