import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { folderOfTests } from './testing/local-run.ts'
import { playOf } from './testing/play-text.ts'

describe('a run on the local machine', () => {
  const folder = folderOfTests()

  const tasks = (text: string, handlers = ''): string => playOf(text, { out: `${folder.path}/out`, handlers })

  test('a dry run writes nothing and predicts the changes of the run, and a second run changes nothing', async () => {
    const playbook = tasks(`
- name: folder
  file: { path: "{{ out }}/a", state: directory }
- name: file
  copy: { content: "text\\n", dest: "{{ out }}/a/file" }
- name: line
  lineinfile: { path: "{{ out }}/a/lines", line: more, create: true }
- name: read
  stat: { path: "{{ out }}/a/file" }
  register: it
- name: depends
  copy: { content: "{{ it.stat.mode }}", dest: "{{ out }}/a/mode" }
`)
    const dry = await folder.run(playbook, { check: true })
    assert.equal(existsSync(join(folder.path, 'out')), false)
    assert.equal(existsSync(join(folder.path, 'state')), false)
    const real = await folder.run(playbook)
    assert.deepEqual(dry.outcomes, real.outcomes)
    assert.equal(real.outcomes['depends'], 'changed')
    assert.equal(dry.exitCode, 0)
    const fail = await folder.run(playbook, { check: true, failOnChange: true })
    assert.notEqual(fail.exitCode, 8)
  })

  test('in a dry run the owner of a file that a user creates is unknown, and everything else about it is known', async () => {
    const playbook = tasks(`
- copy: { content: x, dest: "{{ out }}-owned", mode: "0600" }
  name: write
- file: { path: "{{ out }}-owned", mode: "0600" }
  name: attributes
- stat: { path: "{{ out }}-owned" }
  name: look
  register: it
- debug: { msg: "{{ it.stat.mode }}" }
  name: mode
- debug: { msg: "{{ it.stat.pw_name }}" }
  name: owner
`)
    const root = process.getuid?.() === 0
    const dry = await folder.run(playbook, { check: true })
    const outcomes = { write: 'changed', attributes: 'ok', look: 'ok', mode: 'ok' }
    assert.deepEqual(dry.outcomes, { ...outcomes, owner: root ? 'ok' : 'unknown' })
    assert.deepEqual((await folder.run(playbook)).outcomes, { ...outcomes, owner: 'ok' })
  })

  test('a converged task sends no action', async () => {
    const playbook = tasks(`
- name: folder
  file: { path: "{{ out }}/b", state: directory }
- name: file
  copy: { content: "text\\n", dest: "{{ out }}/b/file" }
`)
    await folder.run(playbook)
    const again = await folder.run(playbook)
    assert.deepEqual(Object.values(again.outcomes), ['ok', 'ok'])
    assert.equal(again.events.filter((event) => event.type === 'action.finished').length, 0)
    const changes = await folder.run(playbook.replace('text', 'other'), { check: true, failOnChange: true })
    assert.equal(changes.exitCode, 8)
  })

  test('a handler that was notified before a failure runs in the next run', async () => {
    const playbook = (broken: boolean): string =>
      tasks(
        `
- name: folder
  file: { path: "{{ out }}/c", state: directory }
- name: file
  copy: { content: "text\\n", dest: "{{ out }}/c/file" }
  notify: note
- name: stop here
  fail: { msg: broken }
  when: ${String(broken)}
`,
        `- name: note\n  command: { cmd: "touch {{ out }}/c/noted", creates: "{{ out }}/c/noted" }\n`,
      )
    const first = await folder.run(playbook(true))
    assert.equal(first.exitCode, 7)
    assert.equal(existsSync(join(folder.path, 'out/c/noted')), false)
    assert.equal(readdirSync(join(folder.path, 'state/v1/pending')).length, 1)
    const second = await folder.run(playbook(false))
    assert.equal(second.outcomes['file'], 'ok')
    assert.equal(second.outcomes['note'], 'changed')
    assert.ok(second.events.some((event) => event.type === 'handler.pending'))
    assert.deepEqual(readdirSync(join(folder.path, 'state/v1/pending')), [])
    const third = await folder.run(playbook(false))
    assert.equal(third.outcomes['note'], undefined)
  })

  test('a pending handler that no play defines is reported and kept', async () => {
    await folder.run(
      tasks(
        `
- name: file
  copy: { content: "x", dest: "${folder.path}/d" }
  notify: lost
- name: stop
  fail: { msg: broken }
`,
        `- name: lost\n  debug: { msg: hi }\n`,
      ),
    )
    const other = await folder.run(tasks('- debug: { msg: hi }', '- name: another\n  debug: { msg: x }\n'))
    const unknown = other.events.flatMap((event) => (event.type === 'handler.unknown' ? [event.handler] : []))
    assert.deepEqual(unknown, ['lost'])
    assert.equal(readdirSync(join(folder.path, 'state/v1/pending')).length, 1)
    await folder.run(tasks('- debug: { msg: hi }', '- name: lost\n  debug: { msg: x }\n'))
    assert.deepEqual(readdirSync(join(folder.path, 'state/v1/pending')), [])
  })

  test('results, loops, conditions, failed_when and changed_when', async () => {
    const run = await folder.run(
      tasks(`
- name: say
  command: { cmd: "echo {{ item }}", reads: true }
  loop: [one, two]
  register: said
- name: tell
  debug: { msg: "{{ said.results.[1].stdout }} of {{ json groups.all }}" }
- name: not now
  debug: { msg: no }
  when: said.results[0].stdout == "two"
- name: bad but ignored
  command: { cmd: "false", reads: true }
  ignore_errors: true
  register: bad
- name: judged
  command: { cmd: "exit 3" }
  register: judged
  failed_when: judged.rc != 3
  changed_when: false
  when: bad.failed
- name: facts are read when they are used
  debug: { msg: "{{ facts.os.family }}" }
`).replace('"exit 3"', '"sh -c \'exit 3\'"'),
    )
    assert.equal(run.exitCode, 0)
    assert.equal(run.outcomes['not now'], 'skipped')
    assert.equal(run.outcomes['bad but ignored'], 'failed')
    assert.equal(run.outcomes['judged'], 'ok')
    assert.equal(run.messages[0], 'two of ["localhost"]')
    assert.equal(run.messages[1], 'debian')
  })

  test('no_log hides arguments, results and the reason of a failure', async () => {
    const run = await folder.run(
      tasks(`
- name: hidden
  copy: { content: "sesame", dest: "{{ out }}-secret" }
  no_log: true
- name: hidden failure
  fail: { msg: sesame }
  no_log: true
`),
    )
    assert.doesNotMatch(JSON.stringify(run.events), /sesame/)
    assert.equal(run.outcomes['hidden failure'], 'failed')
  })

  test('passwords do not reach events and are refused on command lines', async () => {
    const run = await folder.run(
      tasks(`
- name: written
  copy: { content: "{{ db_password }}", dest: "{{ out }}-db" }
- name: quoted back
  command: { cmd: "cat {{ out }}-db", reads: true }
  register: back
- name: shown
  debug: { msg: "{{ back.stdout }}" }
- name: on a command line
  command: { cmd: "echo {{ db_password }}" }
`),
      { extraVars: ['{db_password: opensesame}'] },
    )
    assert.equal(readFileSync(join(folder.path, 'out-db'), 'utf8'), 'opensesame')
    assert.doesNotMatch(JSON.stringify(run.events), /opensesame/)
    assert.equal(run.outcomes['on a command line'], 'failed')
  })

  test('a mistake that appears during rendering fails the task with its place', async () => {
    const run = await folder.run(
      tasks(`
- name: wrong
  copy: { content: "x", dest: "{{ where.to }}" }
`),
      { extraVars: ['{where: {}}'] },
    )
    const failed = run.events.find((event) => event.type === 'task.finished')
    const problem = failed?.type === 'task.finished' ? failed.detail.problem : undefined
    assert.equal(problem?.where?.line, 6)
  })

  test('all mistakes are found before anything runs', async () => {
    await assert.rejects(
      folder.run(
        tasks('- copi: { dest: x }\n- debug: { msg: "{{ nothing }}" }\n- name: ran\n  debug: { msg: x }'),
      ),
      (error: unknown) => error instanceof InputError && error.problems.length >= 2,
    )
  })

  test('tags select tasks', async () => {
    const playbook = tasks(`
- name: one
  debug: { msg: one }
  tags: [a]
- name: two
  debug: { msg: two }
`)
    const run = await folder.run(playbook, { tags: { tags: ['a'], skipTags: [] } })
    assert.deepEqual(Object.keys(run.outcomes), ['one'])
  })

  test('the exit code is that of the failed task, the lowest if there are several', async () => {
    const run = await folder.run(
      tasks(`
- name: fails
  fail: { msg: no }
  exit_code: 5
`),
    )
    assert.equal(run.exitCode, 5)
  })

  test('a machine that the inventory names twice does not lock itself out', async () => {
    folder.write('twice.yml', 'all: { vars: { connection: local }, hosts: { one: , two: } }\n')
    const run = await folder.run(
      tasks('- name: file\n  copy: { content: x, dest: "{{ out }}-{{ inventory_hostname }}" }').replace(
        'hosts: localhost',
        'hosts: all',
      ),
      { inventories: [join(folder.path, 'twice.yml')] },
    )
    assert.equal(run.exitCode, 0)
    assert.equal(existsSync(join(folder.path, 'out-one')) && existsSync(join(folder.path, 'out-two')), true)
  })

  test('an interruption starts nothing new and is reported', async () => {
    const controller = new AbortController()
    const begun = join(folder.path, 'begun')
    const watch = setInterval(() => {
      if (existsSync(begun)) controller.abort(new Error('interrupted'))
    }, 20)
    const run = await folder.run(
      tasks(`
- name: slow
  shell: { cmd: "touch ${begun}; sleep 1" }
- name: next
  command: { cmd: "touch ${folder.path}/must-not-be" }
`),
      {},
      { signal: controller.signal },
    )
    clearInterval(watch)
    assert.equal(run.exitCode, 130)
    assert.equal(run.outcomes['slow'], 'changed')
    assert.equal(existsSync(join(folder.path, 'must-not-be')), false)
  })
})
