/** The end of a run: what changed, why hosts failed, what stays pending, how exact a dry run is, what is next. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type EventBody, noCounts } from '../events/events.ts'
import { finished, playStarted, started, taskFinished, taskRef } from './testing/sample-events.ts'
import { shown } from './testing/shown.ts'

const install = taskRef('Install the driver')
const assign = taskRef('Assign the GPUs')
const fleet = Array.from({ length: 20 }, (_, index) => `gpu${String(index + 1).padStart(2, '0')}`)

/** The text after the last empty line before `first`. */
function endOf(events: readonly EventBody[], first: string): string {
  const text = shown(events)
  const at = text.lastIndexOf(`\n\n${first}`)
  assert.notEqual(at, -1, text)
  return text.slice(at + 2)
}

const next = {
  rerun: 'gpuplay run site.yml -i hosts.yml --rerun-failed',
  real: 'gpuplay run site.yml -i hosts.yml',
  runs: 'gpuplay runs -i hosts.yml',
}
const begin = (hosts: readonly string[], check = false): EventBody =>
  started(hosts, check, { next: check ? next : { rerun: next.rerun, runs: next.runs } })

describe('the end of a run', () => {
  test('lists the tasks that changed something, with their hosts in ranges', () => {
    const events = [
      begin(fleet),
      playStarted('Fleet', fleet, [install, assign]),
      ...fleet.toReversed().map((host) => taskFinished(host, install, 'changed')),
      ...fleet.map((host, index) => taskFinished(host, assign, index < 2 ? 'changed' : 'ok')),
      finished({ hosts: Object.fromEntries(fleet.map((host) => [host, { ...noCounts, changed: 1 }])) }),
    ]
    assert.equal(
      endOf(events, 'CHANGED'),
      `CHANGED
  Install the driver  gpu[01:20]
  Assign the GPUs     gpu01 gpu02

RECAP            ok  changed
gpu[01:20] (20)  0   1
done: 20 changed in 0.4 s
`,
    )
  })

  test('lists at most 20 tasks, and another one rather than its number', () => {
    const listed = (count: number): string => {
      const tasks = Array.from({ length: count }, (_, index) => taskRef(`Task ${index}`))
      return shown([...tasks.map((task) => taskFinished('a', task, 'changed')), finished()])
    }
    assert.match(listed(25), /\n {2}Task 19 {2}a\n {2}and 5 more tasks\n/)
    assert.match(listed(21), /\n {2}Task 20 {2}a\n\n/)
  })

  test('tells failures with the last lines of the program, the hint, and the next commands', () => {
    const problem = {
      code: 'failed',
      message: 'the installer failed: exit status 1',
      hint: 'install headers',
    }
    const program = { rc: 1, stdout: 'all\n', stderr: 'one\ntwo\nthree\nfour\nfive\n\nsix\n' }
    const failed = ['gpu01', 'gpu02', 'gpu03']
    const events = [
      begin(fleet),
      ...failed.map((host) => taskFinished(host, install, 'failed', { detail: { problem, program } })),
      finished({
        hosts: { gpu01: { ...noCounts, failed: 1 } },
        exitCode: 5,
        failures: failed.map((host) => ({
          host,
          task: install,
          exitCode: 5 as const,
          message: problem.message,
        })),
      }),
    ]
    assert.equal(
      endOf(events, 'RECAP'),
      `RECAP  ok  changed  failed
gpu01  0   0        1
failed  gpu[01:03] (3)  Install the driver: the installer failed: exit status 1
          two
          three
          four
          five
          six
          help: install headers
failed on gpu01: "Install the driver", and 2 more hosts failed (exit 5) in 0.4 s

next  run again on the hosts that did not succeed:
      gpuplay run site.yml -i hosts.yml --rerun-failed
next  show this run with every action:
      gpuplay runs -i hosts.yml show r1 -vv
`,
    )
  })

  test('takes the lines from the log of an installer if the task has no output of its own', () => {
    const log = { type: 'program.log', on: 'pve1', path: '/var/log/nvidia-installer.log' } as const
    const problem = { code: 'failed', message: 'the installer failed' }
    const failures = [{ host: 'pve1', task: install, exitCode: 5 as const, message: problem.message }]
    const text = shown([
      { ...log, host: 'pve1', task: install, text: 'first\nERROR: no kernel source\n' },
      taskFinished('pve1', install, 'failed', { detail: { problem } }),
      finished({ hosts: { pve1: { ...noCounts, failed: 1 } }, exitCode: 5, failures }),
    ])
    assert.match(
      text,
      /\nfailed {2}pve1 {2}Install the driver: the installer failed\n {10}first\n {10}ERROR: no kernel source\n/,
    )
  })

  test('failures are the same if they differ only in the name of the host, not in a part of a word', () => {
    const failures = ['one', 'two'].map((host) => ({
      host,
      task: install,
      exitCode: 7 as const,
      message: `${host} is not done`,
    }))
    const text = shown([finished({ hosts: { one: noCounts, two: noCounts }, exitCode: 7, failures })])
    assert.match(text, /\nfailed {2}one two \(2\) {2}Install the driver: one is not done\n/)
  })

  test('names the restarts that wait', () => {
    const message = 'REBOOT PENDING: driver 570.1 is installed, 550.2 is loaded. It stops 3 guests'
    const text = shown([
      ...['pve1', 'pve2'].map((host): EventBody => ({ type: 'warning', host, message })),
      finished({ hosts: { pve1: noCounts } }),
    ])
    assert.match(text, /\npve1 +0 +0\npending {2}pve1 pve2 {2}REBOOT PENDING: driver 570.1 is installed/)
  })

  test('says how exact a dry run is, and which command makes its changes', () => {
    const hosts = { pve1: { ...noCounts, changed: 1 } }
    const exact = [
      begin(['pve1'], true),
      taskFinished('pve1', install, 'changed'),
      finished({ hosts, check: true }),
    ]
    assert.equal(
      endOf(exact, 'WOULD CHANGE'),
      `WOULD CHANGE
  Install the driver  pve1

DRY RUN  ok  would change
pve1     0   1
exact: a run makes these changes and no others, unless the hosts change before
nothing was changed: 1 would change in 0.4 s

next  make these changes:
      gpuplay run site.yml -i hosts.yml
`,
    )
    const open = [
      taskFinished('pve1', assign, 'unknown', { detail: { why: 'the files of a package are not known' } }),
      finished({ hosts: { pve1: { ...noCounts, unknown: 1 } }, check: true }),
    ]
    assert.match(
      shown(open),
      /\nexact except for one task that may run:\n {2}Assign the GPUs: the files of a package are not known\nnothing/,
    )
    const handled = finished({ hosts: { pve1: { ...noCounts, ignored: 1 } }, check: true })
    assert.doesNotMatch(shown([handled]), /exact/)
    assert.doesNotMatch(shown([finished({ hosts })]), /exact/)
  })

  test('recommends nothing after a run that left nothing to do', () => {
    assert.doesNotMatch(
      shown([begin(['a']), finished({ hosts: { a: { ...noCounts, changed: 1 } } })]),
      /next/,
    )
  })

  test('a run that was interrupted is repeated on the hosts that it left', () => {
    const events = [begin(['a']), finished({ hosts: { a: noCounts }, exitCode: 130, unfinished: ['a'] })]
    assert.match(shown(events), /\n {6}gpuplay run site.yml -i hosts.yml --rerun-failed\n/)
  })
})
