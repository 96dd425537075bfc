/** Blocks on hosts: what runs after a failure, what counts, and what a dry run predicts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { blockPlay, counts, fail, say, steps } from './testing/block-plays.ts'
import { folderOfTests, lastEvent } from './testing/local-run.ts'

describe('blocks', () => {
  const folder = folderOfTests()

  test('a rescued failure is none: the play continues, and the exit code is 0', async () => {
    const run = await folder.run(
      blockPlay(`
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
    assert.deepEqual(lastEvent(run).hosts, { localhost: counts({ ok: 2, skipped: 1, rescued: 1 }) })
    assert.deepEqual(lastEvent(run).failures, [])
    const rescued = run.events.flatMap((event) => (event.type === 'host.rescued' ? [event.tasks] : []))
    assert.deepEqual(
      rescued.map((tasks) => tasks.map(({ name }) => name)),
      [['breaks']],
    )
  })

  test('without a failure rescue does not run, and always does', async () => {
    const run = await folder.run(
      blockPlay(`
- block: [${say('works')}]
  rescue: [{ name: saves, command: "false", register: saved }]
  always: [${say('cleans up')}]
- ${say('later', '{{ saved.skipped }}: {{ saved.msg }}')}
`),
    )
    assert.deepEqual(steps(run), ['works ok', 'cleans up ok', 'later ok'])
    assert.deepEqual(run.messages.at(-1), 'true: nothing failed')
    assert.deepEqual(lastEvent(run).hosts, { localhost: counts({ ok: 3 }) })
  })

  test('a result of the block is kept if the rescue that would replace it does not run', async () => {
    const run = await folder.run(
      blockPlay(`
- block: [{ name: works, command: { cmd: echo one, reads: true }, register: said }]
  rescue: [{ name: saves, command: echo two, register: said }]
- ${say('later', '{{ said.stdout }}')}
`),
    )
    assert.equal(run.messages.at(-1), 'one')
  })

  test('a failure without rescue, and one in rescue, end the play after always', async () => {
    const run = await folder.run(
      blockPlay(`
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
    assert.deepEqual(lastEvent(run).hosts, { localhost: counts({ ok: 2, failed: 2 }) })
    assert.deepEqual(
      lastEvent(run).failures.map(({ task, exitCode }) => [task?.name, exitCode]),
      [
        ['breaks', 5],
        ['breaks too', 7],
      ],
    )
  })

  test('an outer rescue handles the failure of an inner rescue, and of an inner always', async () => {
    const run = await folder.run(
      blockPlay(`
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
    assert.deepEqual(lastEvent(run).hosts, { localhost: counts({ ok: 2, rescued: 3 }) })
    assert.equal(run.exitCode, 0)
  })

  test('an ignored failure needs no rescue, and failed_when decides what a failure is', async () => {
    const run = await folder.run(
      blockPlay(`
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

  test('what no_log hides of a failure stays hidden in rescue', async () => {
    const run = await folder.run(
      blockPlay(`
- block: [{ name: hidden, fail: { msg: 'sesame open' }, no_log: true }]
  rescue:
    - ${say('names it', '{{ failed_task.name }} {{ failed_result.failed }}')}
    - ${say('tells it', '{{ failed_result.msg }}')}
`),
    )
    assert.deepEqual(run.messages, ['hidden true'])
    assert.deepEqual(steps(run), ['hidden failed (rescued)', 'names it ok', 'tells it ok'])
    assert.doesNotMatch(JSON.stringify(run.events), /sesame/)
  })

  test('conditions, loops and tags work in blocks', async () => {
    const playbook = blockPlay(`
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
      `${blockPlay(`
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
    const next = await folder.run(`${blockPlay(`- ${say('x')}\n`)}  handlers: [${say('handler')}]\n`)
    assert.deepEqual(steps(next), ['x ok', 'handler ok'])
  })
})
