/** `loop_control` and variables from files, on this machine. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { steps } from './testing/block-plays.ts'
import { folderOfTests } from './testing/local-run.ts'

const play = (tasks: string): string =>
  `- hosts: all\n  tasks:\n${tasks.trimStart().replaceAll(/^(?=.)/gm, '    ')}`

describe('loop_control', () => {
  const folder = folderOfTests()

  test('extended describes the loop', async () => {
    const run = await folder.run(
      play(`
- command:
    cmd: >-
      echo {{ansible_loop.index}}/{{ansible_loop.length}} {{ansible_loop.index0}} {{ansible_loop.revindex}}
      {{ansible_loop.revindex0}} {{ansible_loop.first}} {{ansible_loop.last}}
      {{default ansible_loop.previtem "-"}} {{item}} {{default ansible_loop.nextitem "-"}}
      {{join ansible_loop.allitems ","}}
    reads: true
  loop: [a, b]
  loop_control: { extended: true }
  register: said
- debug: { msg: "{{ said.results.[0].stdout }}|{{ said.results.[1].stdout }}" }
`),
    )
    assert.equal(run.exitCode, 0, JSON.stringify(run.outcomes))
    assert.equal(run.messages.at(-1), '1/2 0 2 1 true false - a b a,b|2/2 1 1 0 false true a b - a,b')
  })

  for (const stepByStep of [false, true]) {
    test(`break_when ends the loop after the item${stepByStep ? ', step by step' : ''}`, async () => {
      const log = join(folder.path, `log-${stepByStep}`)
      const run = await folder.run(
        play(`
- { name: before, command: touch ${log}.before }
- name: loop
  shell: { cmd: 'echo {{item}} >> ${log}; echo {{item}}' }
  loop: [1, 2, 3, 4]
  loop_control: { break_when: said.stdout == "2" }
  register: said
- debug: { msg: !cel said.results.size() }
`),
        { stepByStep },
      )
      assert.equal(run.exitCode, 0, JSON.stringify(run.outcomes))
      assert.equal(readFileSync(log, 'utf8'), '1\n2\n')
      assert.deepEqual(run.messages, ['2'])
    })
  }

  test('break_when that cannot be evaluated fails the task, and ends the loop', async () => {
    const run = await folder.run(
      play(`
- name: loop
  debug: { msg: '{{ item }}' }
  loop: [1, 2]
  loop_control: { break_when: '[1][item] == 1' }
  ignore_errors: true
`),
    )
    assert.deepEqual(steps(run), ['loop failed (ignored)'])
  })

  test('in a dry run, the items after a break that only the run knows may run', async () => {
    const run = await folder.run(
      play(`
- name: loop
  command: { cmd: 'echo {{item}}' }
  loop: [1, 2]
  loop_control: { break_when: said.stdout == "1" }
  register: said
- name: reads
  debug: { msg: '{{ item }}' }
  loop: [1, 2]
  loop_control: { break_when: 'said.results[0].stdout == "1"' }
`),
      { check: true },
    )
    const items = run.events.flatMap((event) =>
      event.type === 'task.finished' && event.task.name === 'reads' ? [event.detail.items] : [],
    )
    assert.deepEqual(items, [{ 1: 'ok', 2: 'unknown' }])
  })

  test('pause waits between the items, and not in a dry run', async () => {
    const tasks = play(`
- name: loop
  copy: { dest: '${folder.path}/paused-{{ item }}', content: x }
  loop: [1, 2, 3]
  loop_control: { pause: 0.2 }
`)
    const time = async (check: boolean): Promise<readonly [number, number]> => {
      const began = performance.now()
      const run = await folder.run(tasks, { check })
      const waits = run.events.filter(
        (event) => event.type === 'task.progress' && event.message === 'waiting 0.2 s before the next item',
      )
      return [performance.now() - began, waits.length]
    }
    assert.equal((await time(true))[1], 0)
    const [milliseconds, waits] = await time(false)
    assert.equal(waits, 2)
    assert.ok(milliseconds >= 400, String(milliseconds))
  })
})

describe('include_vars', () => {
  const folder = folderOfTests()
  folder.write('vars/one.yml', 'greeting: "hello {{ who }}"\nwho: one\nlevel: 1\n')
  folder.write('vars/two.yml', 'who: two\nport: 81\n')
  folder.write('vars/many/a.yml', 'first: a\nport: 82\n')
  folder.write('vars/many/b.yml', 'port: 83\n')
  folder.write('vars/secrets.yml', 'entry: "open sesame"\n')

  test('the variables override those of the task, are rendered on read, and stay for later plays', async () => {
    const run = await folder.run(
      play(`
- debug: { msg: '{{ who }}' }
- { name: first, include_vars: one.yml }
- debug: { msg: '{{ greeting }}' }
  vars: { who: task }
- include_vars: '{{ kind }}.yml'
- debug: { msg: '{{ greeting }} {{ port }}' }
- include_vars: { dir: many, name: bundle }
- debug: { msg: '{{ bundle.first }} {{ bundle.port }} {{ port }}' }
- { name: not this, include_vars: many/a.yml, when: check_mode }
- include_vars: { file: [none.yml, many/b.yml] }
`).replace('  tasks', '  vars: { who: play, kind: two }\n  tasks') +
        "- hosts: all\n  tasks: [debug: { msg: '{{ greeting }} {{ port }}' }]\n",
    )
    assert.equal(
      run.exitCode,
      0,
      JSON.stringify(run.events.filter((event) => event.type === 'task.finished')),
    )
    assert.deepEqual(run.messages, ['play', 'hello one', 'hello two 81', 'a 83 81', 'hello two 83'])
  })

  test('-e overrides them', async () => {
    const run = await folder.run(play(`- include_vars: one.yml\n- debug: { msg: '{{ greeting }}' }\n`), {
      extraVars: ['who=cli'],
    })
    assert.deepEqual(run.messages, ['hello cli'])
  })

  test('a file that is missing in the run fails the task', async () => {
    const run = await folder.run(
      play(`- { name: reads, include_vars: '{{ kind }}.yml' }\n`).replace(
        '  tasks',
        '  vars: { kind: three }\n  tasks',
      ),
    )
    assert.deepEqual(steps(run), ['reads failed'])
    const [problem] = run.events.flatMap((event) =>
      event.type === 'task.finished' ? [event.detail.problem] : [],
    )
    assert.equal(problem?.message, 'there is no file "three.yml"')
  })

  test('texts of a file of secrets do not appear in the output, nor do those of a task with no_log', async () => {
    const run = await folder.run(
      play(`
- include_vars: secrets.yml
- debug: { msg: 'the entry is {{ entry }}' }
- { include_vars: two.yml, no_log: true }
- debug: { msg: 'who is {{ who }}' }
`),
    )
    const text = JSON.stringify(run.events)
    assert.equal(run.exitCode, 0)
    assert.ok(!text.includes('open sesame'))
    assert.ok(!text.includes('who is two'))
    assert.deepEqual(run.outcomes, { include_vars: 'ok', debug: 'ok' })
  })

  test('in a dry run, the variables of a task that may run are unknown', async () => {
    const run = await folder.run(
      play(`
- { name: asks, command: echo one, register: asked }
- { name: reads, include_vars: '{{ asked.stdout }}.yml' }
- { name: shows, debug: { msg: '{{ who }}' } }
`),
      { check: true },
    )
    assert.deepEqual(steps(run), ['asks unknown', 'reads unknown', 'shows unknown'])
    assert.equal(run.exitCode, 0)
  })

  test('vars_files and module_defaults reach the tasks', async () => {
    const run = await folder.run(
      `- hosts: all
  vars: { who: play }
  vars_files: [one.yml]
  module_defaults: { debug: { msg: '{{ greeting }}' } }
  tasks:
    - debug:
    - debug: { msg: own }
`,
    )
    assert.deepEqual(run.messages, ['hello one', 'own'])
  })
})
