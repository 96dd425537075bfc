/** Blocks on hosts that cannot be reached, are stopped by others or by the user, and in dry runs. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { blockPlay, counts, fail, say, steps } from './testing/block-plays.ts'
import { folderOfTests, lastEvent } from './testing/local-run.ts'

describe('blocks that do not run to their end', () => {
  const folder = folderOfTests()

  test('an unreachable host runs rescue: what the tasks there need decides how it ends', async () => {
    folder.write('gone.yml', 'all: { hosts: { a: { connection: openssh, address: 127.0.0.1, port: 1 } } }\n')
    const playbook = (task: string): string =>
      blockPlay(`
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
    assert.deepEqual(lastEvent(lost).hosts, { a: counts({ ok: 2, unreachable: 2 }) })
  })

  test('a rescued failure does not end the run of the others, and a stop lets rescue and always run', async () => {
    const playbook = (rescue: string): string =>
      blockPlay(
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
      blockPlay(`
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
    assert.deepEqual(lastEvent(run).hosts, { localhost: counts({ failed: 1 }) })
  })
})

describe('blocks in a dry run', () => {
  const folder = folderOfTests()

  test('rescue runs after a predicted failure, and does not without one', async () => {
    const playbook = blockPlay(`
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
    const playbook = blockPlay(`
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
      blockPlay(`
- block:
    - block: [{ name: may fail, command: /bin/false }]
      rescue: [${say('inner')}]
  rescue: [${say('outer')}]
- block:
    - { name: ignored, command: /bin/false, ignore_errors: true }
    - { name: never fails, command: /bin/false, failed_when: false }
  rescue: [${say('not needed')}]
`),
      { check: true },
    )
    assert.deepEqual(steps(dry), [
      'may fail unknown',
      'inner unknown',
      'outer unknown',
      'ignored unknown',
      'never fails unknown',
    ])
  })
})
