/** Plays that `meta` directs: handlers in the middle, and plays that end early on one host or on all. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fail, say, steps } from './testing/block-plays.ts'
import { folderOfTests, lastEvent, type LocalRun } from './testing/local-run.ts'

const hosts = (names: string) => ({ inventories: [names], extraVars: ['connection=local'] })

const play = (tasks: string, more = ''): string =>
  `- hosts: all\n  name: Play\n${more}  tasks:\n${tasks.trimStart().replaceAll(/^(?=.)/gm, '    ')}`

/** Tasks that ran on a host, without those that it skipped. */
function ranOn({ events }: LocalRun, name: string): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'task.finished' && event.host === name && event.outcome !== 'skipped'
      ? [event.task.name]
      : [],
  )
}

describe('meta', () => {
  const folder = folderOfTests()
  const change = (name: string, more = ''): string =>
    `{ name: ${name}, command: 'true', notify: handler${more} }`
  const handlers = (handler: string) => `  handlers: [${handler}]\n`

  for (const stepByStep of [false, true]) {
    test(`flush_handlers runs the notified handlers now, and later ones again${stepByStep ? ', step by step' : ''}`, async () => {
      const run = await folder.run(
        play(
          `
- ${change('one')}
- { name: not now, meta: flush_handlers, when: check_mode }
- { name: now, meta: flush_handlers }
- ${say('between')}
- { name: nothing, meta: flush_handlers }
- ${change('two')}
- ${say('last')}
`,
        ) + handlers(say('handler')),
        { stepByStep },
      )
      assert.deepEqual(steps(run), [
        'one changed',
        'not now skipped',
        'now ok',
        'handler ok',
        'between ok',
        'nothing ok',
        'two changed',
        'last ok',
        'handler ok',
      ])
      assert.equal(run.exitCode, 0)
      assert.equal(lastEvent(run).pendingHandlers, 0)
    })
  }

  test('a block rescues the failure of a handler that it has flushed', async () => {
    const run = await folder.run(
      play(`
- block: [${change('one')}, { name: now, meta: flush_handlers }, ${say('not reached')}]
  rescue: [${say('saves', '{{ failed_task.name }}')}]
- ${say('goes on')}
`) + handlers(fail('handler')),
    )
    assert.deepEqual(steps(run), [
      'one changed',
      'now ok',
      'handler failed (rescued)',
      'saves ok',
      'goes on ok',
    ])
    assert.equal(run.exitCode, 0)
  })

  test('a handler that fails when it is flushed ends the play on the host', async () => {
    const run = await folder.run(
      play(`
- ${change('one')}
- { name: now, meta: flush_handlers }
- ${say('not reached')}
`) + handlers(fail('handler', ', exit_code: 5')),
    )
    assert.deepEqual(steps(run), ['one changed', 'now ok', 'handler failed'])
    assert.equal(run.exitCode, 5)
  })

  test('end_host ends the play on one host: always and handlers run, later plays too', async () => {
    const run = await folder.run(
      play(`
- block:
    - ${change('one')}
    - { name: ends, meta: end_host, when: inventory_hostname == "a" }
    - { name: in the block, debug: { msg: x }, register: later }
  always: [${say('cleans up')}]
- ${say('after')}
`) +
        '  post_tasks: [{ name: post, debug: { msg: x }, register: posted }]\n' +
        handlers(say('handler')) +
        `- hosts: all\n  tasks: [${say('next play', '{{ later.skipped }} {{ posted.skipped }}')}]\n`,
      hosts('a,b'),
    )
    assert.deepEqual(ranOn(run, 'a'), ['one', 'ends', 'cleans up', 'handler', 'next play'])
    assert.deepEqual(ranOn(run, 'b'), [
      'one',
      'in the block',
      'cleans up',
      'after',
      'handler',
      'post',
      'next play',
    ])
    assert.deepEqual([...run.messages].filter((text) => text.includes(' ')).sort(), [
      'false false',
      'true true',
    ])
    assert.equal(run.exitCode, 0)
    assert.equal(lastEvent(run).unfinished, undefined)
  })

  test('a play that ends in rescue has rescued the failure', async () => {
    const run = await folder.run(
      play(`
- block: [${fail('breaks')}]
  rescue: [{ name: ends, meta: end_host }, ${say('not reached')}]
- ${say('nor this')}
`),
    )
    assert.deepEqual(steps(run), ['breaks failed (rescued)', 'ends ok'])
    assert.equal(run.exitCode, 0)
  })

  for (const ending of ['b', 'a', 'c']) {
    test(`end_play ends the play for all hosts at the same task, if ${ending} says so`, async () => {
      const run = await folder.run(
        play(`
- { name: slow, command: { cmd: sleep 0.3 }, when: inventory_hostname == "c" }
- ${say('before')}
- { name: ends, meta: end_play, when: inventory_hostname == "${ending}" }
- ${say('after')}
`) + `- hosts: all\n  tasks: [${say('next play')}]\n`,
        hosts('a,b,c'),
      )
      for (const host of ['a', 'b', 'c'])
        assert.deepEqual(
          ranOn(run, host).filter((name) => name !== 'slow' && name !== 'ends'),
          ['before', 'next play'],
          host,
        )
      assert.equal(run.exitCode, 0)
      assert.equal(lastEvent(run).unfinished, undefined)
      const waits = run.events.flatMap((event) => (event.type === 'host.waiting' ? [event.why] : []))
      if (ending === 'c')
        assert.ok(
          waits.includes('c has not reached "ends", where the play may end for all hosts'),
          waits.join('\n'),
        )
    })
  }

  test('if no host ends the play, it goes on for all, also if some fail before', async () => {
    const run = await folder.run(
      play(`
- ${fail('breaks').replace(' }', ' }, when: inventory_hostname == "b"').replace(/$/, '')}
- { name: ends, meta: end_play, when: check_mode }
- ${say('after')}
`),
      hosts('a,b,c'),
    )
    assert.deepEqual([ranOn(run, 'a'), ranOn(run, 'b'), ranOn(run, 'c')], [['after'], ['breaks'], ['after']])
  })

  test('a host that does not come to the task is not waited for', async () => {
    const run = await folder.run(
      play(`
- block: [${fail('breaks')}]
  rescue:
    - { name: ends, meta: end_play, when: inventory_hostname == "none" }
  when: inventory_hostname == "a"
- ${say('after')}
`),
      hosts('a,b'),
    )
    assert.deepEqual([ranOn(run, 'a'), ranOn(run, 'b')], [['breaks', 'after'], ['after']])
  })

  for (const [action, next] of [
    ['end_play', []],
    ['end_batch', ['before', 'after']],
  ] as const) {
    test(`${action} in the first batch ${next.length === 0 ? 'leaves out' : 'does not affect'} the next ones`, async () => {
      const run = await folder.run(
        play(
          `
- ${say('before')}
- { name: ends, meta: ${action}, when: inventory_hostname == "a" }
- ${say('after')}
`,
          '  serial: 2\n',
        ),
        hosts('a,b,c'),
      )
      assert.deepEqual(
        ['a', 'b', 'c'].map((host) => ranOn(run, host).filter((name) => name !== 'ends')),
        [['before'], ['before'], next],
      )
      assert.equal(run.exitCode, 0)
      assert.equal(lastEvent(run).unfinished, undefined)
    })
  }

  test('a dry run that cannot know whether the play ends shows the rest as "may run"', async () => {
    const run = await folder.run(
      play(`
- { name: asks, command: 'true', register: asked, notify: handler }
- { name: now, meta: flush_handlers, when: asked.rc == 0 }
- { name: ends, meta: end_host, when: asked.rc == 0 }
- ${say('after')}
`) + handlers(say('handler')),
      { check: true },
    )
    assert.deepEqual(steps(run), [
      'asks unknown',
      'now unknown',
      'handler unknown',
      'ends unknown',
      'after unknown',
      'handler unknown',
    ])
    assert.equal(run.exitCode, 0)
  })

  test('tags and --start-at-task choose meta like any task', async () => {
    const text =
      play(`
- ${change('one', ', tags: a')}
- { name: now, meta: flush_handlers, tags: b }
- ${say('two').replace(/\}$/, ', tags: a }')}
`) + handlers(say('handler'))
    const some = await folder.run(text, { tags: { tags: ['a'], skipTags: [] } })
    assert.deepEqual(steps(some), ['one changed', 'two ok', 'handler ok'])
  })
})
