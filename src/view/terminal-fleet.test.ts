/** The contents of a terminal during a run of many hosts, of many tasks, and of plays that overlap. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { playStarted, started, taskFinished, taskRef } from './testing/sample-events.ts'
import { watchedTerminal } from './testing/watched-terminal.ts'

const install = taskRef('Install')
const verify = taskRef('Verify')

test('messages of many hosts that say the same are one', async () => {
  const hosts = Array.from({ length: 200 }, (_, index) => `gpu${String(index + 1).padStart(3, '0')}`)
  const view = watchedTerminal()
  view.take(started(hosts), playStarted('Fleet', hosts, [install]))
  await view.shows(/Install/)
  for (const host of hosts) view.take(taskFinished(host, install, 'ok', { detail: { message: 'hello' } }))
  const screen = await view.shows(/hello/)
  assert.match(screen, /^ok {8}gpu\[001:200\] \(200\) {2}Install\n {12}hello\n✔ Install {2}200 ok\nelapsed/m)
  await view.close()
})

test('however many events there are, the terminal is written at most ten times in a second', async () => {
  const view = watchedTerminal()
  view.take(started(['pve1']), playStarted('Nodes', ['pve1'], [install]))
  view.take({ type: 'task.started', host: 'pve1', task: install })
  await view.shows(/ {4}pve1/)
  const before = view.writes()
  for (let step = 0; step < 100; step += 1) {
    view.take({ type: 'task.progress', host: 'pve1', task: install, message: `step ${step}` })
    view.take({ type: 'warning', host: 'pve1', message: `warning ${step}` })
    await delay(10)
  }
  assert.match(await view.shows(/step 99/), /warning 99\n/)
  // A busy machine takes longer than a second.
  assert.ok(view.writes() - before < 50, `${view.writes() - before} writes`)
  await view.close()
})

test('plays that overlap are told apart: each has a heading, and its lines stay when it has finished', async () => {
  const view = watchedTerminal()
  const say = taskRef('Say it')
  view.take(
    started(['pve1', 'pve2', 'ct101']),
    playStarted('Nodes', ['pve1', 'pve2'], [install]),
    taskFinished('pve1', install, 'changed'),
    { type: 'task.started', host: 'pve2', task: install },
    playStarted('Containers', ['ct101'], [say, verify]),
    { type: 'task.started', host: 'ct101', task: say },
  )
  assert.equal(
    await view.shows(/elapsed 0 s$/),
    `Running site.yml on 3 hosts

PLAY Nodes  pve1 pve2
* Install  1/2  1 changed
    pve2
PLAY Containers  ct101
* Say it
    ct101
  Verify
elapsed 0 s`,
  )
  view.take(
    taskFinished('ct101', say, 'ok', { detail: { message: 'hello' } }),
    taskFinished('pve2', install, 'ok', { detail: { message: 'done' } }),
    { type: 'play.finished', play: 'Nodes' },
    { type: 'task.started', host: 'ct101', task: verify },
  )
  assert.equal(
    await view.shows(/\* Verify/),
    `Running site.yml on 3 hosts

PLAY Nodes  pve1 pve2

PLAY Containers  ct101
ok        ct101  Say it
            hello

PLAY Nodes  pve1 pve2
ok        pve2  Install
            done
✔ Install  1 ok  1 changed
PLAY Containers  ct101
✔ Say it  1 ok
* Verify
    ct101
elapsed 0 s`,
  )
  await view.close()
})

test('a play with more tasks than the terminal has rows shows those that run', async () => {
  const view = watchedTerminal(10)
  const tasks = Array.from({ length: 40 }, (_, index) => taskRef(`Task ${index}`))
  view.take(started(['pve1']), playStarted('Long', ['pve1'], tasks))
  for (const task of tasks.slice(0, 20)) view.take(taskFinished('pve1', task, 'ok'))
  view.take({ type: 'task.started', host: 'pve1', task: taskRef('Task 20') })
  view.take({ type: 'warning', host: 'pve1', message: 'old file' })
  assert.equal(
    await view.shows(/elapsed 0 s$/),
    `Running site.yml on 1 host

PLAY Long  pve1
warning   pve1  old file
✔ 19 tasks ended  19 ok
✔ Task 19  1 ok
* Task 20
    pve1
  Task 21
  and 18 more
elapsed 0 s`,
  )
  await view.close()
})

test('a terminal that becomes narrower shows no line twice', async () => {
  const view = watchedTerminal()
  const long = taskRef('Install the driver of the cards that are for containers, and its libraries')
  view.take(started(['pve1']), playStarted('Nodes', ['pve1'], [long, verify]))
  view.take({ type: 'task.started', host: 'pve1', task: long })
  await view.shows(/ {4}pve1/)
  view.resize(40)
  assert.equal(
    await view.shows(/…/),
    `Running site.yml on 1 host

PLAY Nodes  pve1
* Install the driver of the cards that…
    pve1
  Verify
elapsed 0 s`,
  )
  await view.close()
})
