/** Tasks with `run_once` on several hosts. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Event } from '../events/events.ts'
import { folderOfTests, type LocalRun } from './testing/local-run.ts'

const hosts = (names: string) => ({ inventories: [names], extraVars: ['connection=local'] })

/** `TASK OUTCOME` of every finished task of a host, in order. */
function stepsOf({ events }: LocalRun, name: string): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'task.finished' && event.host === name
      ? [`${event.task.name} ${event.outcome}${event.rescued === true ? ' (rescued)' : ''}`]
      : [],
  )
}

function messages({ events }: LocalRun): readonly string[] {
  return events
    .flatMap((event) =>
      event.type === 'task.finished' && event.detail.message !== undefined
        ? [`${event.host}: ${event.detail.message}`]
        : [],
    )
    .sort()
}

type Ended = Extract<Event, { readonly type: 'task.finished' }>

const endOf = ({ events }: LocalRun, host: string, task: string): Ended | undefined =>
  events.find(
    (event): event is Ended =>
      event.type === 'task.finished' && event.host === host && event.task.name === task,
  )

describe('run_once', () => {
  const folder = folderOfTests()

  const play = (tasks: string, more = ''): string =>
    `- hosts: all\n${more}  tasks:\n${tasks.trimStart().replaceAll(/^(?=.)/gm, '    ')}`

  for (const stepByStep of [false, true]) {
    test(`the first host runs the task, and all get its result and variables${stepByStep ? ', step by step' : ''}`, async () => {
      const log = join(folder.path, `log-${stepByStep}`)
      const run = await folder.run(
        play(`
- name: slow
  command: { cmd: sleep 0.3 }
  when: inventory_hostname == "a"
- name: once
  shell: { cmd: "echo ran on {{ inventory_hostname }} | tee -a ${log}" }
  register: said
  notify: handler
  run_once: true
- name: twice
  set_fact: { chosen: '{{ item }} {{ inventory_hostname }}' }
  loop: [x, y]
  run_once: true
- name: all
  debug: { msg: '{{ said.stdout }}, {{ said.changed }}, {{ chosen }}' }
`).concat('  handlers: [{ name: handler, debug: { msg: handled } }]\n'),
        { ...hosts('a,b,c'), stepByStep },
      )
      assert.equal(readFileSync(log, 'utf8'), 'ran on a\n')
      assert.deepEqual(messages(run), [
        'a: handled',
        'a: ran on a, true, y a',
        'b: ran on a, true, y a',
        'c: ran on a, true, y a',
      ])
      assert.deepEqual(stepsOf(run, 'b'), ['slow skipped', 'once skipped', 'twice skipped', 'all ok'])
      assert.equal(endOf(run, 'b', 'once')?.detail.why, 'a runs it for all hosts (run_once)')
      assert.ok(
        run.events.some(
          (event) => event.type === 'host.waiting' && event.why === 'a runs "once" for all hosts (run_once)',
        ),
      )
      assert.equal(run.exitCode, 0)
    })
  }

  test('with one fork, and in batches, it runs once in each batch', async () => {
    const run = await folder.run(
      play(`- { name: once, debug: { msg: '{{ inventory_hostname }}' }, run_once: true }\n`, '  serial: 2\n'),
      { ...hosts('a,b,c,d,e'), forks: 1 },
    )
    assert.deepEqual(messages(run), ['a: a', 'c: c', 'e: e'])
  })

  test('the next host runs it if those before it have failed or could not be reached', async () => {
    folder.write(
      'mixed.yml',
      `all:
  hosts:
    a: { connection: openssh, address: 127.0.0.1, port: 1 }
    b: { connection: local }
    c: { connection: local }
    d: { connection: local }
`,
    )
    const run = await folder.run(
      play(`
- { name: breaks, fail: { msg: no }, when: inventory_hostname == "b" }
- { name: once, command: { cmd: "echo {{ inventory_hostname }}", reads: true }, run_once: true, register: said }
- { name: all, debug: { msg: '{{ said.stdout }}' } }
`),
      { inventories: [join(folder.path, 'mixed.yml')] },
    )
    assert.deepEqual(messages(run), ['c: c', 'd: c'])
    assert.deepEqual(stepsOf(run, 'a'), ['breaks skipped', 'once unreachable'])
    assert.equal(run.exitCode, 3)
  })

  test('a host that a failure takes past the task leaves it to the next one', async () => {
    const run = await folder.run(
      play(`
- block:
    - { name: breaks, fail: { msg: no }, when: inventory_hostname == "a" }
    - { name: once, debug: { msg: '{{ inventory_hostname }}' }, run_once: true }
  rescue:
    - { name: saves, debug: { msg: 'saved {{ inventory_hostname }}' }, run_once: true }
`),
      hosts('a,b,c'),
    )
    assert.deepEqual(messages(run), ['a: saved a', 'b: b'])
    assert.equal(run.exitCode, 0)
  })

  test('its failure fails all hosts, and each of them runs its rescue', async () => {
    const playbook = (wrapped: boolean): string =>
      play(
        wrapped
          ? `
- block: [{ name: once, fail: { msg: no }, run_once: true, exit_code: 5 }]
  rescue: [{ name: saves, debug: { msg: '{{ failed_task.name }}: {{ failed_result.msg }}' } }]
`
          : `
- { name: once, fail: { msg: no }, run_once: true, exit_code: 5 }
- { name: later, debug: { msg: x } }
`,
      )
    const run = await folder.run(playbook(false), hosts('a,b'))
    assert.deepEqual([stepsOf(run, 'a'), stepsOf(run, 'b')], [['once failed'], ['once failed']])
    assert.deepEqual(endOf(run, 'b', 'once')?.detail.problem, {
      code: 'run-once-failed',
      message: 'it failed on a, which runs it for all hosts (run_once)',
    })
    assert.equal(run.exitCode, 5)
    const rescued = await folder.run(playbook(true), hosts('a,b'))
    assert.deepEqual(messages(rescued), [
      'a: once: no',
      'b: once: it failed on a, which runs it for all hosts (run_once)',
    ])
    assert.equal(rescued.exitCode, 0)
  })

  test('an ignored failure and a false condition are results for all', async () => {
    const run = await folder.run(
      play(`
- { name: ignored, fail: { msg: no }, run_once: true, ignore_errors: true, register: one }
- { name: skipped, debug: { msg: x }, run_once: true, when: inventory_hostname == "b", register: two }
- { name: all, debug: { msg: '{{ one.failed }} {{ two.skipped }}' } }
`),
      hosts('a,b'),
    )
    assert.deepEqual(messages(run), ['a: true true', 'b: true true'])
    assert.deepEqual(stepsOf(run, 'b'), ['ignored skipped', 'skipped skipped', 'all ok'])
    assert.equal(run.exitCode, 0)
  })

  test('a dry run predicts the task on one host, and an unknown result for all', async () => {
    const playbook = play(`
- { name: once, copy: { content: x, dest: '${folder.path}/once' }, run_once: true, register: wrote }
- { name: unknown, command: /bin/true, run_once: true, register: ran }
- { name: known, debug: { msg: '{{ wrote.changed }}' } }
- { name: depends, debug: { msg: '{{ ran.rc }}' } }
`)
    const dry = await folder.run(playbook, { ...hosts('a,b'), check: true })
    assert.deepEqual(stepsOf(dry, 'a'), ['once changed', 'unknown unknown', 'known ok', 'depends unknown'])
    assert.deepEqual(stepsOf(dry, 'b'), ['once skipped', 'unknown skipped', 'known ok', 'depends unknown'])
    assert.deepEqual(messages(dry), ['a: true', 'b: true'])
    const real = await folder.run(playbook, hosts('a,b'))
    assert.deepEqual(stepsOf(real, 'b'), ['once skipped', 'unknown skipped', 'known ok', 'depends ok'])
  })

  test('a host that waited looks again at what it has seen before', async () => {
    const shared = join(folder.path, 'shared')
    const run = await folder.run(
      play(`
- { name: before, stat: { path: '${shared}' } }
- { name: slow, command: { cmd: sleep 0.3 }, when: inventory_hostname == "a" }
- { name: once, command: { cmd: 'touch ${shared}' }, run_once: true }
- { name: after, stat: { path: '${shared}' }, register: seen }
- { name: tell, debug: { msg: '{{ seen.stat.exists }}' } }
`),
      hosts('a,b'),
    )
    assert.deepEqual(messages(run), ['a: true', 'b: true'])
  })

  test('an interruption ends the hosts that wait', async () => {
    const controller = new AbortController()
    const begun = join(folder.path, 'begun')
    const watch = setInterval(() => {
      if (existsSync(begun)) controller.abort(new Error('interrupted'))
    }, 20)
    const run = await folder.run(
      play(`
- { name: once, shell: { cmd: 'touch ${begun}; sleep 1' }, run_once: true }
- { name: later, debug: { msg: x } }
`),
      hosts('a,b'),
      { signal: controller.signal },
    )
    clearInterval(watch)
    assert.deepEqual([stepsOf(run, 'a'), stepsOf(run, 'b')], [['once changed'], []])
    assert.equal(run.exitCode, 130)
  })
})
