import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventBody } from '../events/events.ts'
import { playStarted, started, taskFinished, taskRef } from './testing/sample-events.ts'
import { shown } from './testing/shown.ts'

const copy = taskRef('motd : Greet')

test('a batch is a line with its number and hosts', () => {
  assert.match(
    shown([{ type: 'batch.started', play: 'Nodes', batch: 2, of: 3, hosts: ['pve2', 'pve3'] }]),
    /^BATCH 2 of 3  pve2 pve3$/m,
  )
})

test('a run prints a line per task and host, without skipped tasks', () => {
  const events = [
    started(['pve1', 'pve2']),
    playStarted('Nodes', ['pve1', 'pve2'], [copy]),
    taskFinished('pve1', copy, 'ok'),
    taskFinished('pve2', copy, 'changed', { milliseconds: 65_000 }),
    taskFinished('pve1', taskRef('Never'), 'skipped', { detail: { why: 'when: false' } }),
    taskFinished('pve2', taskRef('Restart', { handler: true }), 'changed'),
  ]
  assert.equal(
    shown(events),
    `Running site.yml on 2 hosts

PLAY Nodes  pve1 pve2
ok        pve1  motd : Greet
changed   pve2  motd : Greet  1 min 5 s
changed   pve2  handler Restart
`,
  )
  assert.match(shown(events, { verbosity: 1 }), /\nskipped   pve1  Never\n            when: false\n/)
})

test('the log of a program is printed only with -vv', () => {
  const task = taskRef('nvidia_host : Install the driver')
  const path = '/var/log/nvidia-installer.log'
  const events: readonly EventBody[] = [
    {
      type: 'program.log',
      host: 'pve1',
      task,
      on: 'pve1',
      path,
      text: 'nvidia-installer log\n\u001b[2JERROR: no\n',
    },
  ]
  assert.equal(shown(events, { verbosity: 1 }), '')
  assert.equal(
    shown(events, { verbosity: 2 }),
    `log       pve1  ${path}\n            nvidia-installer log\n            ERROR: no\n`,
  )
})

test('a dry run lists each action that would change something, and why a task may run', () => {
  const events = [
    started(['pve1'], true),
    taskFinished('pve1', copy, 'changed', { detail: { actions: ['write /etc/motd', 'run update-motd'] } }),
    taskFinished('pve1', taskRef('Probe'), 'unknown', { detail: { why: 'it rests on a result' } }),
  ]
  assert.equal(
    shown(events),
    `Dry run of site.yml on 1 host
would     pve1  motd : Greet
            write /etc/motd
            run update-motd
may run   pve1  Probe
            it rests on a result
`,
  )
})

test('diffs are shown on request', () => {
  const diffs = [{ title: '/etc/motd', before: 'one\ntwo\n', after: 'one\n2\n' }]
  const events = [taskFinished('pve1', copy, 'changed', { detail: { diffs } })]
  assert.equal(shown(events), 'changed   pve1  motd : Greet\n')
  assert.equal(
    shown(events, { diff: true }),
    `changed   pve1  motd : Greet
            --- /etc/motd (before)
            +++ /etc/motd (after)
            @@ -1,2 +1,2 @@
             one
            -two
            +2
`,
  )
})

test('a failure shows its problem, place and hint; an ignored failure is marked', () => {
  const problem = {
    code: 'failed',
    message: 'sleep ended with 3',
    hint: 'wake it up',
    where: { file: 'site.yml', line: 3, column: 5 },
    excerpt: '3 | - sleep\n  |   ^',
  }
  assert.equal(
    shown([taskFinished('pve1', copy, 'failed', { detail: { problem } })]),
    `FAILED    pve1  motd : Greet
  site.yml:3:5: error: sleep ended with 3
    3 | - sleep
      |   ^
    help: wake it up
`,
  )
  assert.match(
    shown([taskFinished('pve1', copy, 'failed', { detail: { problem }, ignored: true })]),
    /^ignored   pve1  motd : Greet\n/,
  )
})

test('a failure that rescue handles is marked, and the end of rescue is a line', () => {
  const problem = { code: 'failed', message: 'no space left' }
  assert.equal(
    shown([
      taskFinished('pve1', copy, 'failed', { detail: { problem, findings: [] }, rescued: true }),
      taskFinished('pve1', taskRef('Make room'), 'changed'),
      { type: 'host.rescued', host: 'pve1', tasks: [copy] },
    ]),
    `rescue    pve1  motd : Greet
  error: no space left
changed   pve1  Make room
rescued   pve1  motd : Greet
`,
  )
})

test('findings follow their host, each with cause, line and fix', () => {
  const detail = {
    problem: { code: 'not-as-declared', message: 'vllm-a (CT 201 on pve1): 2 findings' },
    findings: [
      {
        message: 'user space 570.86.16, module 580.95.05 (nvidia-smi exit 18)',
        cause: 'the node was upgraded, but this container was not',
        fix: 'gpuplay run containers.yml -i inventory -l vllm-a',
      },
      {
        message: '/dev/nvidia1 (0000:41:00.0) can be opened, but is not assigned',
        line: '201.conf: dev5: /dev/nvidia1',
        fix: 'run lxc_passthrough, then restart the container',
      },
    ],
  }
  assert.equal(
    shown([taskFinished('vllm-a', taskRef('verify : Check'), 'failed', { detail })]),
    `FAILED vllm-a (CT 201 on pve1): 2 findings
 1 user space 570.86.16, module 580.95.05 (nvidia-smi exit 18)
   cause  the node was upgraded, but this container was not
   fix    gpuplay run containers.yml -i inventory -l vllm-a
 2 /dev/nvidia1 (0000:41:00.0) can be opened, but is not assigned
   line   201.conf: dev5: /dev/nvidia1
   fix    run lxc_passthrough, then restart the container
`,
  )
})

test('a refusal with findings has its host, its task and its help', () => {
  const detail = {
    problem: {
      code: 'driver-does-not-fit',
      message: 'driver 590.48.01 does not fit',
      hint: 'choose another',
    },
    findings: [{ message: '0000:01:00.0 is Pascal' }],
  }
  assert.equal(
    shown([taskFinished('pve2', taskRef('nvidia_host : Inspect'), 'failed', { detail })]),
    `FAILED    pve2  nvidia_host : Inspect
  error: driver 590.48.01 does not fit
    help: choose another
   1 0000:01:00.0 is Pascal
`,
  )
})

test('changed loop items get a line each, and their task gets none', () => {
  const loop = taskRef('Install')
  const events: readonly EventBody[] = [
    { type: 'item.finished', host: 'pve1', task: loop, item: 'dkms', outcome: 'ok', detail: {} },
    { type: 'item.finished', host: 'pve1', task: loop, item: 'nvtop', outcome: 'changed', detail: {} },
    taskFinished('pve1', loop, 'changed', { detail: { items: { dkms: 'ok', nvtop: 'changed' } } }),
  ]
  assert.equal(shown(events), 'changed   pve1  Install (nvtop)\n')
})

test('the message of an item is printed even if the item has changed nothing', () => {
  const loop = taskRef('Show')
  const item = (name: string, message: string): EventBody => ({
    type: 'item.finished',
    host: 'pve1',
    task: loop,
    item: name,
    outcome: 'ok',
    detail: { message },
  })
  const events = [item('a', 'first'), item('b', 'second')]
  assert.equal(
    shown(events),
    'ok        pve1  Show (a)\n            first\nok        pve1  Show (b)\n            second\n',
  )
})

test('text from a host cannot control the terminal', () => {
  const message = 'done\u001b[2J\u001b]0;title\u0007 and\u009b31m more'
  const text = shown([taskFinished('pve1', copy, 'ok', { detail: { message } })])
  // oxlint-disable-next-line no-control-regex -- searches for control characters
  assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
  assert.match(text, /done/)
})

test('undefined notified handlers, unreachable hosts and warnings are reported', () => {
  const problem = { code: 'timed-out', message: 'pve2 did not answer', hint: 'is it on?' }
  const events: readonly EventBody[] = [
    { type: 'host.unreachable', host: 'pve2', problem },
    {
      type: 'host.unreachable',
      host: 'ct1',
      problem: { code: 'node-failed', message: 'its node pve2 failed' },
    },
    { type: 'handler.pending', host: 'pve1', handler: 'Restart' },
    { type: 'handler.unknown', host: 'pve1', handler: 'Gone' },
    { type: 'warning', host: 'pve1', message: 'old file' },
  ]
  assert.equal(
    shown(events),
    `UNREACHABLE pve2
  error: pve2 did not answer
    help: is it on?
FAILED    ct1
  error: its node pve2 failed
pending   pve1  handler Restart was notified by an earlier run
warning   pve1  handler Gone was notified, but no play in this run defines it; it stays pending
warning   pve1  old file
`,
  )
})

test('with --quiet, only failures, warnings and the end are printed', () => {
  const problem = { code: 'failed', message: 'no space left' }
  const text = shown(
    [
      started(['pve1', 'pve2']),
      playStarted('Nodes', ['pve1', 'pve2'], [copy]),
      taskFinished('pve1', copy, 'changed', { detail: { message: 'hello' } }),
      { type: 'warning', host: 'pve1', message: 'old' },
      taskFinished('pve2', copy, 'failed', { detail: { problem } }),
      taskFinished('pve2', copy, 'failed', { detail: { problem }, ignored: true }),
    ],
    { verbosity: -1 },
  )
  assert.equal(
    text,
    `Running site.yml on 2 hosts
warning   pve1  old
FAILED    pve2  motd : Greet
  error: no space left
`,
  )
})

test('the progress of a download has a percentage', () => {
  const task = taskRef('Download')
  const progress = { type: 'task.progress', host: 'pve1', task, message: 'downloading the driver' } as const
  const text = shown([{ ...progress, done: 45, total: 100 }, progress], { verbosity: 1 })
  assert.equal(text, '          pve1  downloading the driver, 45 %\n          pve1  downloading the driver\n')
})
