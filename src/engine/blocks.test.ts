/** Blocks on hosts: what runs after a failure, what counts, and what a dry run predicts. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Counts, type Event, noCounts } from '../events/events.ts'
import { type Folder, localFolder, type LocalRun } from './testing/local-run.ts'

/** `TASK OUTCOME` of every finished task, in order; with several hosts, `HOST TASK OUTCOME`. */
function steps({ events }: LocalRun): readonly string[] {
  const finished = events.flatMap((event) => (event.type === 'task.finished' ? [event] : []))
  const several = new Set(finished.map(({ host }) => host)).size > 1
  return finished.map(({ host, task, outcome, ignored, rescued }) =>
    [
      ...(several ? [host] : []),
      task.name,
      outcome,
      ...(ignored === true ? ['(ignored)'] : []),
      ...(rescued === true ? ['(rescued)'] : []),
    ].join(' '),
  )
}

type Finished = Extract<Event, { readonly type: 'run.finished' }>

function last({ events }: LocalRun): Finished {
  const event = events.at(-1)
  assert.ok(event?.type === 'run.finished')
  return event
}

const counts = (more: Partial<Counts>): Counts => ({ ...noCounts, ...more })
const say = (name: string, msg = 'said'): string => `{ name: ${name}, debug: { msg: '${msg}' } }`
const fail = (name: string, more = ''): string => `{ name: ${name}, fail: { msg: broken }${more} }`

describe('blocks', () => {
  let folder: Folder
  before(() => {
    folder = localFolder()
  })
  after(() => folder.remove())

  const play = (tasks: string, more = ''): string =>
    `- hosts: all\n  name: Play\n${more}  tasks:\n${tasks.trimStart().replaceAll(/^(?=.)/gm, '    ')}`

  test('a rescued failure is none: the play continues, and the exit code is 0', async () => {
    const run = await folder.run(
      play(`
- block:
    - ${fail('breaks', ', register: broken, exit_code: 5')}
    - ${say('not reached')}
  rescue:
    - ${say('saves', '{{ failed_task.name }} ({{ failed_task.module }}): {{ failed_result.msg }}')}
  always:
    - ${say('cleans up', '{{ failed_task.name }}').replace(/\}$/, ', when: defined(failed_task) }')}
- ${say('goes on', '{{ broken.failed }}')}
`),
    )
    assert.deepEqual(steps(run), ['breaks failed (rescued)', 'saves ok', 'cleans up skipped', 'goes on ok'])
    assert.deepEqual(run.messages, ['breaks (fail): broken', 'true'])
    assert.equal(run.exitCode, 0)
    assert.deepEqual(last(run).hosts, { localhost: counts({ ok: 2, skipped: 1, rescued: 1 }) })
    assert.deepEqual(last(run).failures, [])
    const rescued = run.events.flatMap((event) => (event.type === 'host.rescued' ? [event.tasks] : []))
    assert.deepEqual(
      rescued.map((tasks) => tasks.map(({ name }) => name)),
      [['breaks']],
    )
  })

  test('without a failure rescue does not run, and always does', async () => {
    const run = await folder.run(
      play(`
- block: [${say('works')}]
  rescue: [{ name: saves, command: "false", register: saved }]
  always: [${say('cleans up')}]
- ${say('later', '{{ saved.skipped }}: {{ saved.msg }}')}
`),
    )
    assert.deepEqual(steps(run), ['works ok', 'cleans up ok', 'later ok'])
    assert.deepEqual(run.messages.at(-1), 'true: nothing failed')
    assert.deepEqual(last(run).hosts, { localhost: counts({ ok: 3 }) })
  })

  test('a result of the block is kept if the rescue that would replace it does not run', async () => {
    const run = await folder.run(
      play(`
- block: [{ name: works, command: { cmd: echo one, reads: true }, register: said }]
  rescue: [{ name: saves, command: echo two, register: said }]
- ${say('later', '{{ said.stdout }}')}
`),
    )
    assert.equal(run.messages.at(-1), 'one')
  })

  test('a failure without rescue, and one in rescue, end the play after always', async () => {
    const run = await folder.run(
      play(`
- block:
    - block: [${fail('breaks', ', exit_code: 5')}]
      rescue: [${fail('breaks too')}, ${say('not reached')}]
      always: [${say('inner', '{{ failed_task.name }}')}]
  always: [${say('outer', '{{ failed_task.name }}')}]
- ${say('not reached either')}
`).replaceAll('{{ failed_task.name }}', '{{default failed_task.name "none"}}'),
    )
    assert.deepEqual(steps(run), ['breaks failed (rescued)', 'breaks too failed', 'inner ok', 'outer ok'])
    assert.deepEqual(run.messages, ['breaks too', 'breaks too'])
    assert.equal(run.exitCode, 5)
    assert.deepEqual(last(run).hosts, { localhost: counts({ ok: 2, failed: 2 }) })
    assert.deepEqual(
      last(run).failures.map(({ task, exitCode }) => [task?.name, exitCode]),
      [
        ['breaks', 5],
        ['breaks too', 7],
      ],
    )
  })

  test('an outer rescue handles the failure of an inner rescue, and of an inner always', async () => {
    const run = await folder.run(
      play(`
- block:
    - block: [${fail('one')}]
      rescue: [${fail('two')}]
      always: [${fail('three')}]
    - ${say('not reached')}
  rescue: [${say('saves', '{{ failed_task.name }}')}]
- ${say('goes on')}
`),
    )
    assert.deepEqual(steps(run), [
      'one failed (rescued)',
      'two failed (rescued)',
      'three failed (rescued)',
      'saves ok',
      'goes on ok',
    ])
    assert.equal(run.messages[0], 'three')
    assert.deepEqual(last(run).hosts, { localhost: counts({ ok: 2, rescued: 3 }) })
    assert.equal(run.exitCode, 0)
  })

  test('an ignored failure needs no rescue, and failed_when decides what a failure is', async () => {
    const run = await folder.run(
      play(`
- block:
    - ${fail('ignored', ', ignore_errors: true')}
    - { name: judged, command: { cmd: "false", reads: true }, failed_when: false }
    - { name: refused, debug: { msg: x }, failed_when: true }
  rescue: [${say('saves')}]
`),
    )
    assert.deepEqual(steps(run), [
      'ignored failed (ignored)',
      'judged ok',
      'refused failed (rescued)',
      'saves ok',
    ])
  })

  test('conditions, loops and tags work in blocks', async () => {
    const playbook = play(`
- block:
    - { name: skipped, fail: { msg: no }, when: inner }
    - { name: loop, fail: { msg: '{{ item }}' }, loop: [a, b], when: item == "b" }
  rescue: [${say('saves', '{{ failed_result.results.[1].msg }}')}]
  when: outer
  tags: chosen
- block: [${say('other')}]
  always: [{ name: tagged, debug: { msg: x }, tags: chosen }]
`)
    const run = await folder.run(playbook, {
      extraVars: ['{outer: true, inner: false}'],
      tags: { tags: ['chosen'], skipTags: [] },
    })
    assert.deepEqual(steps(run), ['skipped skipped', 'loop failed (rescued)', 'saves ok', 'tagged ok'])
    assert.equal(run.messages[0], 'b')
    const none = await folder.run(playbook, { extraVars: ['{outer: false, inner: false}'] })
    assert.deepEqual(steps(none), ['skipped skipped', 'loop skipped', 'other ok', 'tagged ok'])
  })

  test('handlers that a block notified run after its rescue, and remain noted after a failure', async () => {
    const playbook = (rescue: string): string =>
      `${play(`
- block:
    - { name: changes, copy: { content: 'x${rescue.length}', dest: '${folder.path}/noted' } }
    - ${fail('breaks')}
  rescue: [${rescue}]
  notify: handler
`)}  handlers: [${say('handler')}]\n`
    const run = await folder.run(playbook(say('saves')))
    assert.deepEqual(steps(run), ['changes changed', 'breaks failed (rescued)', 'saves ok', 'handler ok'])
    const lost = await folder.run(playbook(fail('fails too')))
    assert.deepEqual(steps(lost), ['changes changed', 'breaks failed (rescued)', 'fails too failed'])
    const next = await folder.run(`${play(`- ${say('x')}\n`)}  handlers: [${say('handler')}]\n`)
    assert.deepEqual(steps(next), ['x ok', 'handler ok'])
  })

  test('an unreachable host runs rescue: what the tasks there need decides how it ends', async () => {
    folder.write('gone.yml', 'all: { hosts: { a: { connection: openssh, address: 127.0.0.1, port: 1 } } }\n')
    const playbook = (task: string): string =>
      play(`
- block: [{ name: needs it, command: "true" }]
  rescue:
    - ${say('saves', '{{ failed_result.unreachable }} {{ failed_task.name }}')}
    - ${task}
  always: [${say('cleans up')}]
`)
    const inventories = [`${folder.path}/gone.yml`]
    const run = await folder.run(playbook(say('works')), { inventories })
    assert.deepEqual(steps(run), ['needs it unreachable (rescued)', 'saves ok', 'works ok', 'cleans up ok'])
    assert.deepEqual([run.messages[0], run.exitCode], ['true needs it', 0])
    const lost = await folder.run(playbook('{ name: facts, debug: { msg: "{{ facts.os.id }}" } }'), {
      inventories,
    })
    assert.deepEqual(steps(lost), [
      'needs it unreachable (rescued)',
      'saves ok',
      'facts unreachable',
      'cleans up ok',
    ])
    assert.equal(lost.exitCode, 3)
    assert.deepEqual(last(lost).hosts, { a: counts({ ok: 2, unreachable: 2 }) })
  })

  test('a rescued failure does not end the run of the others, and a stop lets rescue and always run', async () => {
    const playbook = (rescue: string): string =>
      play(
        `
- block:
    - { name: breaks, fail: { msg: no }, when: inventory_hostname == "a" }
    - { name: slow, command: { cmd: sleep 1 }, when: inventory_hostname == "b" }
    - ${say('after')}
  rescue: [${rescue}]
  always: [${say('cleans up')}]
- ${say('goes on')}
`,
        '  any_errors_fatal: true\n',
      )
    const two = { inventories: ['a,b'], extraVars: ['connection=local'] }
    const rescued = await folder.run(playbook(say('saves')), two)
    assert.equal(rescued.exitCode, 0)
    assert.equal(steps(rescued).filter((step) => step.endsWith('goes on ok')).length, 2)
    const fatal = await folder.run(playbook(fail('fails too')), two)
    assert.equal(fatal.exitCode, 7)
    assert.deepEqual(
      steps(fatal).filter((step) => step.startsWith('b ')),
      ['b breaks skipped', 'b slow changed', 'b cleans up ok'],
    )
  })

  test('an interruption runs neither rescue nor always, and names what did not run', async () => {
    const controller = new AbortController()
    const begun = join(folder.path, 'begun')
    const watch = setInterval(() => {
      if (existsSync(begun)) controller.abort(new Error('interrupted'))
    }, 20)
    const run = await folder.run(
      play(`
- name: Upgrade
  block:
    - { name: slow, shell: { cmd: "touch ${begun}; sleep 1; exit 1" } }
  rescue: [${say('saves')}]
  always: [${say('cleans up')}]
- block: [${say('never')}]
  always: [${say('never begun')}]
`),
      {},
      { signal: controller.signal },
    )
    clearInterval(watch)
    assert.deepEqual(steps(run), ['slow failed (rescued)'])
    assert.equal(run.exitCode, 130)
    assert.deepEqual(
      run.events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
      ['interrupted: "rescue" and "always" of "Upgrade" did not run to the end'],
    )
    assert.deepEqual(last(run).hosts, { localhost: counts({ failed: 1 }) })
  })

  describe('in a dry run', () => {
    test('rescue runs after a predicted failure, and does not without one', async () => {
      const playbook = play(`
- block: [${fail('breaks')}]
  rescue: [{ name: saves, copy: { content: x, dest: '${folder.path}/saved' } }]
- block: [{ name: works, copy: { content: x, dest: '${folder.path}/works' } }]
  rescue: [{ name: not needed, copy: { content: x, dest: '${folder.path}/not-needed' } }]
`)
      const dry = await folder.run(playbook, { check: true })
      const real = await folder.run(playbook)
      assert.deepEqual(steps(dry), ['breaks failed (rescued)', 'saves changed', 'works changed'])
      assert.deepEqual(steps(real), steps(dry))
      assert.equal(dry.exitCode, 0)
    })

    test('rescue may run after a task that may fail, and its changes are unknown', async () => {
      const playbook = play(`
- block:
    - { name: may fail, command: /bin/false }
    - ${say('after')}
  rescue:
    - { name: saves, copy: { content: x, dest: '${folder.path}/rescued' }, register: saved }
    - { name: never, debug: { msg: x }, when: false }
    - { name: reads it, debug: { msg: '{{ failed_result.msg }}' } }
- { name: sees it, stat: { path: '${folder.path}/rescued' }, register: seen }
- { name: uses it, debug: { msg: '{{ seen.stat.exists }} {{ saved.changed }}' } }
`)
      const dry = await folder.run(playbook, { check: true })
      assert.deepEqual(steps(dry), [
        'may fail unknown',
        'after ok',
        'saves unknown',
        'never skipped',
        'reads it unknown',
        'sees it unknown',
        'uses it unknown',
      ])
      const why = dry.events.flatMap((event) =>
        event.type === 'task.finished' && event.task.name === 'saves' ? [event.detail.why] : [],
      )
      assert.deepEqual(why, ['it runs only if "may fail" fails, which a dry run cannot know'])
      const real = await folder.run(playbook)
      assert.equal(real.outcomes['saves'], 'changed')
      assert.equal(real.messages.at(-1), 'true true')
    })

    test('an inner rescue that may run makes the outer one possible too', async () => {
      const dry = await folder.run(
        play(`
- block:
    - block: [{ name: may fail, command: /bin/false }]
      rescue: [${say('inner')}]
  rescue: [${say('outer')}]
- block: [{ name: ignored, command: /bin/false, ignore_errors: true }]
  rescue: [${say('not needed')}]
`),
        { check: true },
      )
      assert.deepEqual(steps(dry), ['may fail unknown', 'inner unknown', 'outer unknown', 'ignored unknown'])
    })
  })
})
