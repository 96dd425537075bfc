/** The plain view of a play with many hosts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numbered, playStarted, started, taskFinished, taskRef } from './testing/sample-events.ts'
import { shown, watched } from './testing/shown.ts'

const copy = taskRef('motd : Greet')
const fleet = Array.from({ length: 40 }, (_, index) => `gpu${String(index + 1).padStart(2, '0')}`)
const others = taskRef('Others')

test('in a fleet, hosts on which a task ends the same share a line', () => {
  const problem = { code: 'failed', message: 'no space left' }
  const text = shown([
    started(fleet),
    playStarted('Nodes', fleet, [copy, others]),
    ...fleet.map((host, index) => {
      if (host === 'gpu07') return taskFinished(host, copy, 'failed', { detail: { problem } })
      return taskFinished(host, copy, index < 20 ? 'changed' : 'ok', { milliseconds: 1000 + 100 * index })
    }),
    ...fleet
      .filter((host) => host !== 'gpu07')
      .map((host) => taskFinished(host, others, 'ok', { detail: { message: host < 'gpu03' ? 'a' : 'b' } })),
  ])
  assert.equal(
    text,
    `Running site.yml on 40 hosts

PLAY Nodes  gpu[01:40] (40)
FAILED    gpu07  motd : Greet
  error: no space left
changed   gpu[01:06] gpu[08:20] (19)  motd : Greet  2.9 s
ok        gpu[21:40] (20)  motd : Greet  4.9 s
ok        gpu01 gpu02  Others
            a
ok        gpu[03:06] gpu[08:40] (37)  Others
            b
`,
  )
})

test('the lines of a fleet wait for no host longer than ten seconds', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { view, text } = watched()
  const events = [
    started(fleet),
    playStarted('Nodes', fleet, [copy]),
    taskFinished('gpu01', copy, 'changed'),
    taskFinished('gpu02', copy, 'changed'),
    taskFinished('gpu03', copy, 'changed'),
  ]
  for (const event of numbered(events)) view.take(event)
  assert.doesNotMatch(text(), /changed/)
  context.mock.timers.tick(10_000)
  assert.match(text(), /^changed {3}gpu\[01:03\] \(3\) {2}motd : Greet$/m)
  for (const event of numbered([{ type: 'play.finished', play: 'Nodes' }])) view.take(event)
  assert.equal(text().match(/changed/g)?.length, 1)
})

test('a dry run of a fleet shows different actions separately', () => {
  const text = shown([
    started(fleet, true),
    playStarted('Nodes', fleet, [copy]),
    ...fleet.map((host, index) =>
      taskFinished(host, copy, 'changed', { detail: { actions: [index === 0 ? 'write a' : 'write b'] } }),
    ),
  ])
  assert.match(
    text,
    /^would {5}gpu01 {2}motd : Greet\n +write a\nwould {5}gpu\[02:40\] \(39\) {2}motd : Greet\n +write b$/m,
  )
})
