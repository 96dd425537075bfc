/** Tasks with `delegate_to` and `delegate_facts`. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Event } from '../events/events.ts'
import { blockPlay, say, steps } from './testing/block-plays.ts'
import { folderOfTests, lastEvent, type LocalRun } from './testing/local-run.ts'

type Ended = Extract<Event, { readonly type: 'task.finished' }>

const ends = ({ events }: LocalRun): readonly Ended[] =>
  events.filter((event): event is Ended => event.type === 'task.finished')

/** `TASK on HOST` of each finished task. */
const places = (run: LocalRun): readonly string[] =>
  ends(run).map(({ task, detail }) => `${task.name} on ${detail.delegate ?? 'its host'}`)

describe('delegate_to', () => {
  const folder = folderOfTests()
  const at = (name: string): string => join(folder.path, name)
  const gone = '{ connection: openssh, address: 127.0.0.1, port: 1 }'
  folder.write(
    'hosts.yml',
    `all:
  children:
    web: { hosts: { a: { connection: local, port_of_app: 80 }, b: { connection: local, port_of_app: 81 } } }
    databases: { hosts: { db: { connection: local, port_of_app: 5432 } } }
    lost: { hosts: { gone: ${gone} } }
`,
  )
  const inventories = [at('hosts.yml')]
  const web = (tasks: string, more = ''): string => blockPlay(tasks, more).replace('hosts: all', 'hosts: web')
  const lost = (tasks: string, more = ''): string =>
    blockPlay(tasks, more).replace('hosts: all', 'hosts: lost')

  for (const stepByStep of [false, true]) {
    test(`the task acts on the other host, with the variables of its own${stepByStep ? ', step by step' : ''}`, async () => {
      const run = await folder.run(
        lost(`
- { name: writes, copy: { content: "{{ inventory_hostname }}\\n", dest: '${at(`from-{{ inventory_hostname }}-${stepByStep}`)}' }, delegate_to: db, register: it }
- { name: runs, command: 'echo {{ inventory_hostname }}', delegate_to: a, register: said }
- { name: each, command: { cmd: 'echo {{ item }}', reads: true }, delegate_to: '{{ item }}', loop: '{{ groups.web }}' }
- ${say('own', '{{ it.changed }} {{ said.stdout }}')}
`),
        { inventories, stepByStep },
      )
      assert.deepEqual(places(run).slice(0, 3), ['writes on db', 'runs on a', 'each on its host'])
      assert.deepEqual(
        run.events.flatMap((event) =>
          event.type === 'item.finished' ? [`${event.item} on ${event.detail.delegate}`] : [],
        ),
        ['a on a', 'b on b'],
      )
      assert.equal(readFileSync(at(`from-gone-${stepByStep}`), 'utf8'), 'gone\n')
      // Nothing needs its own host, which cannot be reached.
      assert.deepEqual(steps(run), ['writes changed', 'runs changed', 'each ok', 'own ok'])
      assert.deepEqual(run.messages, ['true gone'])
      assert.ok(
        run.events.some(
          (event) =>
            event.type === 'action.finished' &&
            event.task.name === 'writes' &&
            event.host === 'gone' &&
            event.on === 'db',
        ),
      )
      assert.equal(run.exitCode, 0)
    })
  }

  test('a host need not be there if all of its tasks act elsewhere', async () => {
    const run = await folder.run(
      lost(
        `
- { name: makes, copy: { content: x, dest: ${at('made')} }, notify: handler }
`,
        '',
      )
        .replace('dest: ', 'dest: ')
        .replace(', notify', ', delegate_to: localhost, notify') +
        `  handlers: [{ name: handler, command: 'touch ${at('handled')}', delegate_to: localhost }]\n`,
      { inventories },
    )
    assert.deepEqual(places(run), ['makes on localhost', 'handler on localhost'])
    assert.equal(existsSync(at('handled')), true)
    assert.match(
      run.events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])).join('\n'),
      /^the handlers that this task notifies are not recorded/,
    )
  })

  test('a dry run says on which host, and predicts for that host', async () => {
    const playbook = web(`
- { name: write, copy: { content: new, dest: ${at('predicted')} }, delegate_to: db, run_once: true }
- { name: look, stat: { path: ${at('predicted')} }, delegate_to: db, register: seen }
- ${say('seen', '{{ seen.stat.exists }}')}
- { name: own, stat: { path: ${at('predicted')} }, register: own }
- ${say('not here', '{{ own.stat.exists }}')}
`)
    const run = await folder.run(playbook, { inventories, check: true, forks: 1 })
    assert.equal(existsSync(at('predicted')), false)
    assert.deepEqual(run.messages, ['true', 'false', 'true', 'false'])
    assert.ok(places(run).includes('write on db'))
  })

  test('facts are those of its own host, and become that of the other', async () => {
    const run = await folder.run(
      web(
        `
- { name: set, set_fact: { color: red }, delegate_to: db, delegate_facts: true, when: inventory_hostname == "a" }
- { name: mine, set_fact: { color: blue }, delegate_to: db }
- ${say('colors', '{{ color }} {{ hostvars.db.color }} {{ port_of_app }}')}
`,
        '  strategy: linear\n',
      ).replace('hosts: web', 'hosts: a'),
      { inventories },
    )
    assert.deepEqual(run.messages, ['blue red 80'])
  })

  test('with run_once one host delegates for all', async () => {
    const run = await folder.run(
      web(`
- { name: once, shell: { cmd: 'echo {{ inventory_hostname }} >> ${at('once')}; echo said' }, delegate_to: db, run_once: true, register: it }
- ${say('all', '{{ it.stdout }}')}
`),
      { inventories },
    )
    assert.equal(readFileSync(at('once'), 'utf8'), 'a\n')
    assert.deepEqual(run.messages, ['said', 'said'])
  })

  test('an unreachable host fails the task, which rescue handles; its own host continues', async () => {
    const run = await folder.run(
      web(`
- block: [{ name: far, command: 'true', delegate_to: gone }]
  rescue: [${say('saved', '{{ failed_result.unreachable }} {{ failed_result.msg }}')}]
- { name: ignored, command: 'true', delegate_to: gone, ignore_unreachable: true }
- { name: last, command: 'true', delegate_to: gone }
`).replace('hosts: web', 'hosts: a'),
      { inventories },
    )
    assert.deepEqual(steps(run), [
      'far failed (rescued)',
      'saved ok',
      'ignored failed (ignored)',
      'last failed',
    ])
    assert.match(run.messages[0] ?? '', /^true cannot reach gone \(delegate_to\): /)
    assert.equal(run.exitCode, 7)
  })

  test('handlers that it notifies run on its own host, and a later run knows them', async () => {
    const changes = (more: string): string =>
      `${web(`
- { name: change, copy: { content: '${more}', dest: ${at('config')} }, delegate_to: db, notify: handler }
- { name: breaks, fail: { msg: no }, when: ${more === 'one'} }
`).replace('hosts: web', 'hosts: a')}  handlers: [${say('handler', '{{ inventory_hostname }}')}]\n`
    const first = await folder.run(changes('one'), { inventories })
    assert.deepEqual(steps(first), ['change changed', 'breaks failed'])
    writeFileSync(at('config'), 'two')
    const second = await folder.run(changes('two'), { inventories })
    assert.deepEqual(steps(second), ['change ok', 'breaks skipped', 'handler ok'])
    assert.deepEqual(second.messages, ['a'])
    assert.equal(lastEvent(second).pendingHandlers, 0)
    assert.deepEqual(readdirSync(at('state/v1/pending')), [])
  })

  test('hosts that delegate to the same host do not wait for each other', async () => {
    const started = performance.now()
    const run = await folder.run(blockPlay(`- { name: slow, command: sleep 1, delegate_to: localhost }\n`), {
      inventories: ['a,b,c,d,e,f'],
      extraVars: ['connection=local'],
    })
    assert.equal(run.exitCode, 0)
    assert.ok(performance.now() - started < 5500)
  })

  test('a host that the inventory does not have is an error, before the run if it is written out', async () => {
    await assert.rejects(folder.run(web(`- { command: x, delegate_to: dp }\n`), { inventories }), (error) => {
      assert.match(
        String(Object(error).problems?.[0]?.message),
        /^"delegate_to" names "dp", which is not a host of the inventory$/,
      )
      return true
    })
    const run = await folder.run(
      web(`- { name: x, command: x, delegate_to: '{{ inventory_hostname }}2' }\n`),
      {
        inventories,
      },
    )
    assert.equal(
      ends(run)[0]?.detail.problem?.message,
      '"delegate_to" names "a2", which is not a host of the inventory',
    )
  })
})
