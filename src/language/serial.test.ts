/** Keywords for several hosts, and what each message about them says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadContents, playsOf } from './testing/playbooks.ts'
import { report } from './testing/report.ts'

const playWith = (lines: string) => ({ '/p/site.yml': `- hosts: all\n  ${lines}\n` })

const sizes: readonly (readonly [line: string, sizes: readonly unknown[] | undefined])[] = [
  ['serial: 2', [{ kind: 'hosts', count: 2 }]],
  ['serial: "2"', [{ kind: 'hosts', count: 2 }]],
  ['serial: 30%', [{ kind: 'share', percent: 30 }]],
  [
    'serial: [1, 12.5 %, "100%"]',
    [
      { kind: 'hosts', count: 1 },
      { kind: 'share', percent: 12.5 },
      { kind: 'share', percent: 100 },
    ],
  ],
  ['serial:', undefined],
  ['name: x', undefined],
]

for (const [line, expected] of sizes) {
  test(`the batches of "${line}"`, () => {
    assert.deepEqual(playsOf(playWith(line))[0]?.serial?.sizes, expected)
  })
}

const limits: readonly (readonly [line: string, limit: number | undefined])[] = [
  ['max_fail_percentage: 0', 0],
  ['max_fail_percentage: 33.3', 33.3],
  ['max_fail_percentage: "30%"', 30],
  ['max_fail_percentage:', undefined],
]

for (const [line, expected] of limits) {
  test(`the limit of "${line}"`, () => {
    assert.equal(playsOf(playWith(line))[0]?.maxFailPercentage, expected)
  })
}

const serialTakes =
  'invalid-keyword: "serial" must be a number of hosts from 1, a percentage up to 100%, or a list of these, not'
const write = '(write 1, "30%" or [1, 5, "100%"]; the last entry of a list repeats)'
const template = 'cannot be a template: it is read when the playbook loads (write the value itself)'
const share = '(write the share of hosts that may fail, such as 30; 0 allows no failure)'

const mistakes: readonly (readonly [line: string, message: string])[] = [
  ['serial: 0', `2:11 ${serialTakes} 0 (leave it out: all hosts are then one batch)`],
  ['serial: -1', `2:11 ${serialTakes} -1 ${write}`],
  ['serial: 1.5', `2:11 ${serialTakes} 1.5 ${write}`],
  ['serial: 0%', `2:11 ${serialTakes} 0% ${write}`],
  ['serial: 101%', `2:11 ${serialTakes} 101% ${write}`],
  ['serial: []', `2:11 ${serialTakes} an empty list ${write}`],
  ['serial: [1, some]', `2:15 ${serialTakes} some ${write}`],
  ['serial: {a: 1}', `2:11 ${serialTakes} a map ${write}`],
  ['serial: "{{ n }}"', `2:11 not-templated: "serial" ${template}`],
  [
    'max_fail_percentage: 101',
    `2:24 invalid-keyword: "max_fail_percentage" must be a number from 0 to 100, not 101 ${share}`,
  ],
  [
    'max_fail_percentage: [1]',
    `2:24 invalid-keyword: "max_fail_percentage" must be a number from 0 to 100, not a list ${share}`,
  ],
  ['max_fail_percentage: "{{ n }}"', `2:24 not-templated: "max_fail_percentage" ${template}`],
]

for (const [line, message] of mistakes) {
  test(`"${line}" is a mistake with a place and a cure`, () => {
    assert.deepEqual(report(loadContents(playWith(line)).problems), [`site.yml:${message}`])
  })
}

test('keywords of plays and blocks in other places are mistakes with a cure', () => {
  const site = `- hosts: all
  rescue: []
  roles: [{ role: web, user_name: ann, always: [], serial: 1 }]
  tasks:
    - command: x
      serial: 1
    - import_tasks: more.yml
      max_fail_percentage: 30
    - block: [{ command: x }]
      serial: 1
`
  const inList = '(a block is an entry of a list of tasks; import_role imports a role there)'
  const onPlay = '(write it on the play)'
  assert.deepEqual(report(loadContents({ '/p/site.yml': site, '/p/more.yml': '- command: x\n' }).problems), [
    `site.yml:2:3 unknown-keyword: "rescue" is not a keyword of a play ${inList}`,
    `site.yml:3:40 unknown-keyword: "always" is not a keyword of a role ${inList}`,
    `site.yml:3:52 unknown-keyword: "serial" is not a keyword of a role ${onPlay}`,
    `site.yml:6:7 unknown-keyword: "serial" is not a keyword of a task ${onPlay}`,
    `site.yml:8:7 unknown-keyword: "max_fail_percentage" is not a keyword of an import ${onPlay}`,
    `site.yml:10:7 unknown-keyword: "serial" is not a keyword of a block ${onPlay}`,
  ])
})

test('run_once is inherited by tasks, and never by handlers', () => {
  const [play] = playsOf({
    '/p/site.yml': `
- hosts: all
  run_once: true
  roles: [{ role: web, user_name: ann, run_once: false }]
  tasks:
    - command: a
    - block: [{ command: b }, { command: c, run_once: true }]
      always: [{ command: d }]
      run_once: false
  handlers: [{ name: handler, command: x }]
`,
  })
  assert.deepEqual(
    play?.sections[0]?.tasks.map(({ runOnce }) => runOnce),
    [false, false, true, false, true, false],
  )
  assert.deepEqual(
    play?.handlers.map(({ runOnce }) => runOnce),
    [false, false],
  )
})

test('a handler with run_once is a mistake with a place and a cure', () => {
  const site = '- hosts: all\n  handlers:\n    - name: x\n      run_once: true\n      command: x\n'
  assert.deepEqual(report(loadContents({ '/p/site.yml': site }).problems), [
    'site.yml:4:7 invalid-handler: a handler cannot have "run_once" (a handler runs on each host that notified it: notify it from a task with "run_once", or write it as a task)',
  ])
})

test('any_errors_fatal is inherited from the play, a role, an import or a task, and the nearest one counts', () => {
  const [play] = playsOf({
    '/p/site.yml': `
- hosts: all
  any_errors_fatal: true
  roles: [{ role: web, user_name: ann, any_errors_fatal: false }]
  tasks:
    - command: a
    - command: b
      any_errors_fatal: false
    - import_tasks: more.yml
      any_errors_fatal: false
`,
    '/p/more.yml': '- command: c\n- command: d\n  any_errors_fatal: true\n',
  })
  assert.deepEqual(
    play?.sections[0]?.tasks.map(({ anyErrorsFatal }) => anyErrorsFatal),
    [false, false, true, false, false, true],
  )
})
