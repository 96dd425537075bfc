/** Plan files on this machine: what is in them, what is refused, and what a run of them does. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { exitCodes, InputError } from '../../base/errors.ts'
import type { RunDependencies } from '../request.ts'
import { type Folder, folderOfTests, type LocalRun } from '../testing/local-run.ts'
import type { PlanFile } from './plan-schema.ts'

const play = (tasks: string, more = ''): string =>
  `- name: Play
  hosts: localhost
  vars: { db_password: opensesame }
${more}  tasks:
${tasks.replaceAll(/^(?=.)/gm, '    ')}`

const problemsOf = ({ events }: LocalRun): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'host.unreachable'
      ? [event.problem.message]
      : event.type === 'task.finished' && event.detail.problem !== undefined
        ? [event.detail.problem.message]
        : [],
  )

const changesOf = ({ events }: LocalRun): readonly string[] =>
  events.flatMap((event) => (event.type === 'action.finished' ? [event.label] : []))

const actionsIn = (plan: PlanFile): readonly string[] =>
  (plan.hosts['localhost'] ?? []).flatMap(({ actions }) => actions.map(({ label = '' }) => label))

function inFolder(): { folder: Folder; at: (name: string) => string; read: (name: string) => string } {
  const folder = folderOfTests()
  const at = (name: string): string => join(folder.path, name)
  return { folder, at, read: (name) => readFileSync(at(name), 'utf8') }
}

describe('a plan that is applied', () => {
  const { folder, at, read } = inFolder()
  const text = play(
    `- name: Write
  copy: { dest: "${at('{{ item }}')}", content: "new\\n" }
  loop: [one, two]
  notify: Note
- name: Append
  lineinfile: { path: ${at('one')}, line: more }
`,
    `  handlers:
    - name: Note
      copy: { dest: ${at('noted')}, content: "noted\\n" }
`,
  )

  test('holds the actions of all items and of notified handlers', async () => {
    const { plan, exitCode } = await folder.plan(text)
    assert.equal(exitCode, 0)
    assert.deepEqual(actionsIn(plan), [
      `write ${at('one')}`,
      `write ${at('two')}`,
      `set the line in ${at('one')}`,
      `write ${at('noted')}`,
    ])
    assert.equal(existsSync(at('one')), false)
  })

  test('makes its changes', async () => {
    const { plan } = await folder.plan(text)
    const applied = await folder.apply(plan)
    assert.equal(applied.exitCode, 0)
    assert.deepEqual(changesOf(applied), actionsIn(plan))
    assert.deepEqual([read('one'), read('two'), read('noted')], ['new\nmore\n', 'new\n', 'noted\n'])
  })

  test('leaves a host alone on which it was applied already', async () => {
    writeFileSync(at('one'), 'old\n')
    const { plan } = await folder.plan(text)
    assert.equal((await folder.apply(plan)).exitCode, 0)
    writeFileSync(at('two'), 'edited\n')
    const second = await folder.apply(plan)
    assert.equal(second.exitCode, exitCodes.drifted)
    assert.deepEqual(problemsOf(second), [
      `the host has changed since the plan was made: localhost file:${at('one')}, which "Write (one)" changes, has changed`,
    ])
    assert.equal(read('two'), 'edited\n')
  })
})

describe('a host that has changed is not touched', () => {
  const { folder, at, read } = inFolder()
  const text = play(`- name: Write
  copy: { dest: ${at('one')}, content: "new\\n" }
- name: Other
  copy: { dest: ${at('other')}, content: "new\\n" }
`)
  test('if a file that would be replaced has another content', async () => {
    writeFileSync(at('one'), 'old\n')
    const { plan } = await folder.plan(text)
    writeFileSync(at('one'), 'edited\n')
    const { exitCode, ...run } = await folder.apply(plan)
    assert.equal(exitCode, 9)
    assert.deepEqual(problemsOf({ exitCode, ...run }), [
      `the host has changed since the plan was made: localhost file:${at('one')}, which "Write" changes, has changed`,
    ])
    assert.deepEqual([read('one'), existsSync(at('other'))], ['edited\n', false])
  })

  test('if a file that would be replaced has another mode', async () => {
    writeFileSync(at('mode'), 'old\n', { mode: 0o644 })
    const { plan } = await folder.plan(
      play(`- copy: { dest: ${at('mode')}, content: "new\\n", mode: "0640" }\n`),
    )
    chmodSync(at('mode'), 0o600)
    assert.equal((await folder.apply(plan)).exitCode, 9)
    assert.equal(read('mode'), 'old\n')
  })
})

describe('what a plan could not know', () => {
  const { folder, at, read } = inFolder()
  const ask = (dest: string): string =>
    play(`- name: Ask
  command: cat ${at('answer')}
  register: said
- name: Write
  copy: { dest: ${dest}, content: "{{ said.stdout }}" }
`)

  test('is made if it stays among the resources of the plan', async () => {
    writeFileSync(at('answer'), 'here')
    const { plan } = await folder.plan(ask(at('here')))
    const [, write] = plan.hosts['localhost'] ?? []
    assert.equal(write?.arguments, undefined)
    assert.equal(typeof write?.unknown, 'string')
    assert.deepEqual(write?.mayChange, [`file:${at('here')}*`])
    assert.equal((await folder.apply(plan)).exitCode, 0)
    assert.equal(read('here'), 'here')
  })

  test('is a rescue that may be needed', async () => {
    const { plan } = await folder.plan(
      play(`- name: Try
  block:
    - name: Ask
      command: cat ${at('nothing')}
  rescue:
    - name: Rescue
      copy: { dest: ${at('rescued')}, content: "x" }
`),
    )
    assert.equal((await folder.apply(plan)).exitCode, 0)
    assert.equal(read('rescued'), 'x')
  })
})

describe('a host that changes after the look', () => {
  const { folder, at, read } = inFolder()
  /** Calls the function between the look and the run. */
  const between = (change: () => void): Partial<RunDependencies> => ({
    sinks: [
      (event) => {
        if (event.type === 'run.started') change()
      },
    ],
  })

  for (const [name, keyword] of [
    ['fails', ''],
    ['fails, also if the playbook ignores that', '  ignore_errors: true\n'],
    ['fails, also if the playbook accepts that', '  failed_when: false\n'],
  ] as const) {
    test(`${name}: an edited file is not replaced`, async () => {
      writeFileSync(at('one'), 'old\n')
      const { plan } = await folder.plan(
        play(`- name: Write
  copy: { dest: ${at('one')}, content: "new\\n" }
${keyword}`),
      )
      const run = await folder.apply(
        plan,
        {},
        between(() => writeFileSync(at('one'), 'edited\n')),
      )
      assert.equal(run.exitCode, 9)
      assert.equal(read('one'), 'edited\n')
    })
  }

  test('fails at a task that the plan skips', async () => {
    const { plan } = await folder.plan(
      play(`- name: Look
  stat: { path: ${at('flag')} }
  register: flag
- name: Write
  copy: { dest: ${at('flagged')}, content: "x" }
  when: flag.stat.exists
`),
    )
    const run = await folder.apply(
      plan,
      {},
      between(() => writeFileSync(at('flag'), '')),
    )
    assert.equal(run.exitCode, 9)
    assert.deepEqual(problemsOf(run), [`the plan does not have these changes: write ${at('flagged')}`])
    assert.equal(existsSync(at('flagged')), false)
  })
})

describe('a plan holds no secrets', () => {
  const { folder, at, read } = inFolder()
  const text = (password: string): string =>
    play(`- name: Config
  copy: { dest: ${at('config')}, content: "password={{ db_password }}\\n" }
- name: Short
  copy: { dest: ${at('pin')}, content: "{{ pin_token }}" }
- name: Hidden
  command: echo {{ word }}
  no_log: true
`).replace('opensesame', `${password}, pin_token: "47", word: barleycorn`)

  test('and is applied with the same ones', async () => {
    const { plan } = await folder.plan(text('opensesame'))
    const written = JSON.stringify(plan)
    assert.doesNotMatch(written, /opensesame|barleycorn|"47"/)
    assert.equal((await folder.apply(plan)).exitCode, 0)
    assert.equal(read('config'), 'password=opensesame\n')
  })

  test('and is refused with others', async () => {
    const { plan } = await folder.plan(text('opensesame'))
    folder.write('site.yml', text('other-word'))
    await assert.rejects(folder.apply(plan), InputError)
  })
})

describe('the questions of a play', () => {
  const { folder, at, read } = inFolder()
  const text = play(
    `- name: Config
  copy: { dest: ${at('config')}, content: "{{ word }}\\n" }
`,
    `  vars_prompt: [{ name: word, prompt: The word, confirm: true }]
`,
  )
  const typed = (answer: string) => {
    const asked: string[] = []
    return {
      asked,
      ask: async (question: string) => {
        asked.push(question)
        return answer
      },
    }
  }

  test('are asked again, once, and must have the same answers', async () => {
    const { plan } = await folder.plan(text, {}, { ask: typed('barleycorn').ask })
    assert.doesNotMatch(JSON.stringify(plan), /barleycorn/)
    const other = await folder.apply(plan, {}, { ask: typed('other-word').ask })
    assert.equal(other.exitCode, 9)
    const { ask, asked } = typed('barleycorn')
    assert.equal((await folder.apply(plan, {}, { ask })).exitCode, 0)
    assert.deepEqual(asked, ['The word: ', 'Again: The word: '])
    assert.equal(read('config'), 'barleycorn\n')
  })
})
