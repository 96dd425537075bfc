/** The contents of a terminal during a run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EventBody, noCounts } from '../events/events.ts'
import { finished, playStarted, started, taskFinished, taskRef } from './testing/sample-events.ts'
import { watchedTerminal } from './testing/watched-terminal.ts'

const install = taskRef('Install')
const verify = taskRef('Verify')
const problem = { code: 'failed', message: 'no space left', hint: 'make room' }

const begun: readonly EventBody[] = [
  started(['pve1', 'pve2']),
  playStarted('Nodes', ['pve1', 'pve2'], [install, verify]),
]

test('a task has a line with the number of hosts that ended it, and a line for those that work on it', async () => {
  const view = watchedTerminal()
  view.take(...begun, taskFinished('pve1', install, 'changed'))
  view.take({ type: 'task.started', host: 'pve2', task: install })
  assert.equal(
    await view.shows(/^ {4}pve2$/m),
    `Running site.yml on 2 hosts

PLAY Nodes  pve1 pve2
* Install  1/2  1 changed
    pve2
  Verify
elapsed 0 s`,
  )
  await view.close()
})

test('a batch is a line above the tasks, whose counts go on', async () => {
  const view = watchedTerminal()
  view.take(...begun, { type: 'batch.started', play: 'Nodes', batch: 1, of: 2, hosts: ['pve1'] })
  view.take(taskFinished('pve1', install, 'changed'))
  view.take({ type: 'batch.started', play: 'Nodes', batch: 2, of: 2, hosts: ['pve2'] })
  view.take({ type: 'task.started', host: 'pve2', task: install })
  const screen = await view.shows(/Install {2}1\/2 {2}1 changed\n {4}pve2$/m)
  assert.match(screen, /^BATCH 1 of 2 {2}pve1\nBATCH 2 of 2 {2}pve2$/m)
  await view.close()
})

test('a failure that the playbook handles does not mark the line of its task as failed', async () => {
  const view = watchedTerminal()
  view.take(...begun)
  await view.shows(/Verify/)
  view.take(
    taskFinished('pve1', install, 'failed', { detail: { problem }, rescued: true }),
    taskFinished('pve2', install, 'failed', { detail: { problem }, ignored: true }),
    { type: 'host.rescued', host: 'pve1', tasks: [install] },
  )
  const screen = await view.shows(/in rescue/)
  assert.match(screen, /^rescue {4}pve1 {2}Install$/m)
  assert.match(screen, /^rescued {3}pve1 {2}Install$/m)
  assert.match(screen, /^✔ Install {2}1 in rescue {2}1 ignored$/m)
  await view.close()
})

test('a failure is shown at once, above the lines of running tasks', async () => {
  const view = watchedTerminal()
  view.take(...begun, { type: 'task.started', host: 'pve1', task: install })
  await view.shows(/ {4}pve1/)
  view.take(taskFinished('pve2', install, 'failed', { detail: { problem } }))
  assert.equal(
    await view.shows(/FAILED/),
    `Running site.yml on 2 hosts

PLAY Nodes  pve1 pve2
FAILED    pve2  Install
  error: no space left
    help: make room
* Install  1/2  1 failed
    failed  pve2
    pve1
  Verify
elapsed 0 s  1 host failed`,
  )
  await view.close()
})

test('the messages of items are shown at once', async () => {
  const view = watchedTerminal()
  view.take(...begun, { type: 'task.started', host: 'pve1', task: install })
  await view.shows(/ {4}pve1/)
  for (const item of ['a', 'b'])
    view.take({
      type: 'item.finished',
      host: 'pve1',
      task: install,
      item,
      outcome: 'ok',
      detail: { message: `value of ${item}` },
    })
  const screen = await view.shows(/value of b/)
  assert.match(screen, /Install \(a\)\n +value of a\nok +pve1 {2}Install \(b\)\n +value of b\n\* Install/)
  await view.close()
})

test('an interruption lists awaited tasks at once, and quitting lists tasks that are left running', async () => {
  const view = watchedTerminal()
  view.take(...begun, { type: 'task.started', host: 'pve1', task: install })
  await view.shows(/ {4}pve1/)
  view.types('^C')
  view.take({ type: 'run.stopping', awaited: [{ host: 'pve1', task: install }] })
  const stopping =
    'Stopping after the running tasks (Install on pve1). Press Ctrl-C again to quit now; they keep running there.'
  assert.ok((await view.shows(/Stopping/)).includes(`pve2\n${stopping}\n*`))
  view.take(
    { type: 'run.quit', running: [{ host: 'pve1', task: install }] },
    finished({ hosts: { pve1: noCounts }, exitCode: 130 }),
  )
  assert.equal(
    await view.close(),
    `Running site.yml on 2 hosts

PLAY Nodes  pve1 pve2
${stopping}
left      pve1  Install may still be running there
            the next run waits for it to finish
↓ Install  not finished
↓ Verify  not run

RECAP  ok  changed
pve1   0   0
interrupted (exit 130) in 0.4 s`,
  )
})

test('the lines of a finished play stay, with counts of hosts, and the recap comes last', async () => {
  const view = watchedTerminal()
  view.take(
    ...begun,
    taskFinished('pve1', install, 'changed'),
    taskFinished('pve2', install, 'failed', { detail: { problem } }),
    taskFinished('pve1', verify, 'ok'),
    { type: 'play.finished', play: 'Nodes' },
    finished({
      hosts: { pve1: { ...noCounts, ok: 1, changed: 1 }, pve2: { ...noCounts, failed: 1 } },
      exitCode: 7,
      failures: [{ host: 'pve2', task: install, exitCode: 7 }],
    }),
  )
  assert.equal(
    await view.close(),
    `Running site.yml on 2 hosts

PLAY Nodes  pve1 pve2
FAILED    pve2  Install
  error: no space left
    help: make room
✖ Install  1 changed  1 failed
✔ Verify  1 ok

CHANGED
  Install  pve1

RECAP  ok  changed  failed
pve1   1   1        0
pve2   0   0        1
failed on pve2: "Install" (exit 7) in 0.4 s`,
  )
})

test('text printed during a question appears after the answer', async () => {
  const view = watchedTerminal()
  view.take(...begun, { type: 'task.started', host: 'pve1', task: install })
  await view.shows(/ {4}pve1/)
  view.take({ type: 'prompt.started', host: 'pve1', question: 'Reboot?' })
  view.take(taskFinished('pve2', install, 'failed', { detail: { problem } }))
  assert.doesNotMatch(await view.shows(/pve2$/), /FAILED|Verify/)
  view.take({ type: 'prompt.finished', host: 'pve1', question: 'Reboot?', answer: false })
  await view.shows(/FAILED {4}pve2 {2}Install\n[^]* {2}Verify\nelapsed 0 s {2}1 host failed$/)
  await view.close()
})
