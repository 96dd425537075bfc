import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown } from '../base/unknown.ts'
import { hostRun } from './testing/host-run.ts'
import { writeModule } from './testing/fake-task-host.ts'

const three = `
- name: a
  write: { path: /a, text: "1" }
- name: b
  write: { path: /b, text: "2" }
- name: c
  write: { path: /c, text: "3" }
`

test('predictable tasks are sent together and reported in order', async () => {
  const it = hostRun(three)
  await it.run()
  assert.deepEqual(it.host.sends, ['write /a, write /b, write /c'])
  assert.deepEqual(it.outcomes, ['a changed', 'b changed', 'c changed'])
  assert.deepEqual(
    it.events.map(({ type }) => type),
    ['a', 'b', 'c'].flatMap(() => ['task.started', 'action.finished', 'task.finished']),
  )
})

test('a second run reads and sends nothing', async () => {
  const it = hostRun(three)
  for (const [path, text] of [
    ['/a', '1'],
    ['/b', '2'],
    ['/c', '3'],
  ] as const)
    it.host.texts.set(path, text)
  await it.run()
  assert.deepEqual([it.host.sends, it.outcomes], [[], ['a ok', 'b ok', 'c ok']])
})

test('a skipped task is reported in order and does not split a window', async () => {
  const it = hostRun(three.replace('- name: b\n', `- name: b\n  when: 'false'\n`))
  await it.run()
  assert.deepEqual(it.host.sends, ['write /a, write /c'])
  assert.deepEqual(it.outcomes, ['a changed', 'b skipped', 'c changed'])
})

test('a task with a mistake fails after the tasks before it were done', async () => {
  const it = hostRun(`
- name: a
  write: { path: /a, text: "1" }
- name: b
  write: { path: /b, text: "{{ it }}" }
- name: c
  write: { path: /c, text: "3" }
`)
  it.last.add('b')
  await it.run()
  assert.deepEqual(it.outcomes, ['a changed', 'b failed'])
  assert.deepEqual(it.host.sends, ['write /a'])
})

test('a loop over a value that is not a list fails after the tasks before it were done', async () => {
  const it = hostRun(`
- name: a
  write: { path: /a, text: "1" }
- name: b
  write: { path: /b, text: "2" }
  loop: "{{ it }}"
`)
  it.context.host.variables.register('it', 'no list')
  await it.run()
  assert.deepEqual([it.outcomes, it.host.sends], [['a changed', 'b failed'], ['write /a']])
})

test('a mistake on a prediction is judged again on the real state', async () => {
  const first = `
- name: a
  write: { path: /a, text: x, once: true }
  register: it
`
  const condition = hostRun(`${first}
- name: b
  write: { path: /b, text: "2" }
  when: int(it.text) > 5
`)
  const loop = hostRun(`${first}
- name: b
  write: { path: "/{{ item }}", text: "2" }
  loop: !cel "[string(int(it.text))]"
`)
  for (const it of [condition, loop]) {
    it.host.instead.set('write /a', () => it.host.texts.set('/a', '7'))
    await it.run()
    assert.deepEqual(it.outcomes, ['a changed', 'b changed'])
  }
})

test('items of a loop are sent with each other and with the tasks around them', async () => {
  const it = hostRun(`
- name: a
  write: { path: "/{{ item }}", text: "1" }
  loop: [x, y]
- name: b
  write: { path: /b, text: "2" }
`)
  await it.run()
  assert.deepEqual(it.host.sends, ['write /x, write /y, write /b'])
  assert.deepEqual(it.outcomes, ['a changed', 'b changed'])
})

test('a task of another user is sent separately from the tasks before and after it', async () => {
  const it = hostRun(three)
  it.host.users.set('1/0', 'www-data')
  await it.run()
  assert.deepEqual(it.host.sends, ['write /a', 'write /b', 'write /c'])
})

test('the next task uses a result that exists only after execution', async () => {
  const it = hostRun(`
- name: say
  say: { text: hello }
  register: it
- name: b
  write: { path: /b, text: "{{ it.stdout }}" }
`)
  await it.run()
  assert.deepEqual([it.host.sends, it.host.texts.get('/b')], [['run say hello', 'write /b'], 'hello'])
})

const facts = { os: 'debian' }

test('waiting actions are sent before a fact of the host is read', async () => {
  const it = hostRun(
    `
- name: a
  write: { path: /a, text: "1" }
- name: b
  write: { path: /b, text: "{{ facts.os }}" }
- name: c
  write: { path: /c, text: "{{ facts.os }}" }
`,
    { facts },
  )
  await it.run()
  assert.deepEqual(it.host.sends, ['write /a', 'write /b, write /c'])
})

test('a loop over a fact is planned again after the waiting actions were sent', async () => {
  const it = hostRun(
    `
- name: a
  write: { path: /a, text: "1" }
- name: b
  write: { path: "/{{ item }}", text: "2" }
  loop: ["x", "{{ facts.os }}"]
`,
    { facts },
  )
  await it.run()
  assert.deepEqual(it.host.sends, ['write /a', 'write /x, write /debian'])
  assert.deepEqual(it.outcomes, ['a changed', 'b changed'])
})

test('a fact of another host is read without sending anything', async () => {
  const it = hostRun(
    `
- name: a
  write: { path: /a, text: "1" }
- name: b
  write: { path: /b, text: "{{ hostvars.other.facts.os }}" }
`,
    { facts },
  )
  await it.run()
  assert.deepEqual([it.host.sends, it.outcomes], [['write /a, write /b'], ['a changed', 'b changed']])
})

test('an early reading is used while nothing waits, and repeated on a prediction', async () => {
  const converged = hostRun(three)
  converged.host.texts.set('/a', '1').set('/b', '2').set('/c', '3')
  await converged.run(true)
  assert.deepEqual(converged.host.log, ['look /a', 'look /b', 'look /c'])
  const it = hostRun(three)
  await it.run(true)
  assert.deepEqual(it.host.log.slice(0, 6), [
    'look /a',
    'look /b',
    'look /c',
    'predict write /a',
    'look /a',
    'look /b',
  ])
  assert.deepEqual(it.outcomes, ['a changed', 'b changed', 'c changed'])
})

test('after an interruption no waiting action is sent, and no task starts', async () => {
  const stop = new AbortController()
  const it = hostRun(three, { signal: stop.signal })
  const probe = it.host.probe.bind(it.host)
  it.host.probe = (unit, overlay) => {
    if (unit.key === '1/0') stop.abort()
    return probe(unit, overlay)
  }
  await it.run()
  assert.deepEqual([it.host.sends, it.outcomes], [[], []])
})

test('if no task may start any more, waiting actions are dropped', async () => {
  const it = hostRun(three)
  const probe = it.host.probe.bind(it.host)
  it.host.probe = (unit, overlay) => {
    it.stopped = unit.key === '1/0'
    return probe(unit, overlay)
  }
  await it.run()
  assert.deepEqual([it.host.sends, it.outcomes], [[], []])
})

test('a task that returns stop is the last one sent', async () => {
  const it = hostRun(three.replace('name: b', 'name: b\n  changed_when: "true"'))
  it.last.add('b')
  await it.run()
  assert.deepEqual(
    [it.host.sends, it.outcomes],
    [
      ['write /a', 'write /b'],
      ['a changed', 'b changed'],
    ],
  )
})

test('in a dry run nothing is sent, and tasks see the predicted effects of earlier ones', async () => {
  const it = hostRun(
    `${three}
- name: again
  write: { path: /a, text: "1" }
`,
    { check: true },
  )
  await it.run()
  assert.deepEqual(it.outcomes, ['a changed', 'b changed', 'c changed', 'again ok'])
  assert.deepEqual(it.host.sends, [])
})

test('in a dry run the possible changes of an unknown task are unknown to later tasks', async () => {
  const open = { ...writeModule, mayChange: () => ['file:/a'] as const }
  for (const text of [
    '- name: a\n  write: { path: /a, text: "{{ it }}" }',
    '- name: a\n  write: { path: /a, text: "1" }\n  when: it == 1.0',
    '- name: a\n  write: { path: /a, text: "1" }\n  loop: "{{ it }}"',
  ]) {
    const it = hostRun(text, { check: true, modules: [open] })
    it.context.host.variables.register('it', new Unknown('later'))
    await it.run()
    assert.deepEqual(it.outcomes, ['a unknown'])
    assert.deepEqual(it.host.log, ['may change file:/a: a dry run cannot know what "a" changes'])
  }
})
