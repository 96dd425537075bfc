/** Tasks of the module `meta`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modules } from '../modules/catalogue.ts'
import { loadContents } from './testing/playbooks.ts'
import { report } from './testing/report.ts'

const all = { modules: new Map(modules.map((module) => [module.name, module])) }
const read = (tasks: string) =>
  loadContents({ '/p/site.yml': `- hosts: all\n  run_once: true\n  ${tasks}\n` }, all)

test('the action is known when the playbook loads, and the task never runs for other hosts', () => {
  const { playbook, problems } = read(
    'tasks: [meta: flush_handlers, { ansible.builtin.meta: end_play, when: check_mode }, { meta: { action: noop } }]',
  )
  assert.deepEqual(report(problems), [])
  assert.deepEqual(
    playbook?.plays[0]?.sections[0]?.tasks.map(({ meta, runOnce }) => [meta, runOnce]),
    [
      ['flush_handlers', false],
      ['end_play', false],
      ['noop', false],
    ],
  )
})

const mistakes: readonly (readonly [tasks: string, message: RegExp])[] = [
  ['tasks: [meta: end_paly]', /3:17 invalid-argument: "action" .*end_play/],
  [
    'tasks: [meta: "{{ inventory_hostname }}"]',
    /3:17 not-templated: the action of "meta" cannot be a template/,
  ],
  ['tasks: [{ meta: end_host, loop: [1] }]', /3:29 invalid-keyword: "meta" cannot have "loop"/],
  ['tasks: [{ meta: end_host, run_once: true }]', /3:29 invalid-keyword: "meta" cannot have "run_once"/],
  ['handlers: [{ name: h, meta: end_host }]', /3:25 invalid-handler: a handler cannot be "meta"/],
]

for (const [tasks, message] of mistakes) {
  test(`"${tasks}" is a mistake`, () => {
    const found = report(read(tasks).problems)
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0] ?? '', message)
  })
}
