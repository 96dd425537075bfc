/** What a terminal shows of a run in progress, at several sizes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EventBody, TaskRef } from '../events/events.ts'
import { createColors } from './colors.ts'
import { liveLines } from './live-lines.ts'
import { LiveRun } from './live-run.ts'
import { numbered, playStarted, started, taskFinished, taskRef } from './testing/sample-events.ts'
import { widthOf } from './text.ts'

const glyphs = { done: '+', failed: 'x', skipped: '-', full: '#', empty: '.' }

interface Size {
  readonly columns?: number
  readonly rows?: number
  /** Milliseconds between two events. */
  readonly step?: number
}

/** The lines after these events. */
function linesOf(events: readonly EventBody[], { columns = 80, rows = 24, step = 0 }: Size = {}): string {
  const run = new LiveRun()
  let now = 0
  for (const event of numbered(events)) {
    now += step
    if (event.type === 'play.finished') run.finish(event.play)
    run.take(event, now)
  }
  const colors = createColors({ wanted: 'never', environment: {}, isTerminal: true })
  const lines = liveLines(run, { columns, rows, now, spinner: '*', colors, glyphs, above: undefined })
  assert.ok(lines.length < rows, `${lines.length} lines`)
  for (const line of lines) assert.ok(widthOf(line) < columns, line)
  return lines.join('\n')
}

function fleetOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `gpu${String(index + 1).padStart(3, '0')}`)
}

function begins(host: string, task: TaskRef): EventBody {
  return { type: 'task.started', host, task }
}

function says(host: string, task: TaskRef, message: string, amount: object = {}): EventBody {
  return { type: 'task.progress', host, task, message, ...amount }
}

const install = taskRef('Install the driver')
const verify = taskRef('Verify')
const MiB = 1024 * 1024

describe('the lines of a run in progress', () => {
  test('a download has a bar, an installer its last line, and a restart its time so far', () => {
    const download = taskRef('Download the runfile')
    const events = [
      started(['pve1', 'pve2', 'pve3']),
      playStarted('Nodes', ['pve1', 'pve2', 'pve3'], [download, install, verify]),
      begins('pve1', download),
      says('pve1', download, 'downloading the driver', { done: 133 * MiB, total: 266 * MiB }),
      taskFinished('pve2', download, 'changed'),
      begins('pve2', install),
      says('pve2', install, 'nvidia-installer: Building kernel modules'),
      taskFinished('pve3', download, 'changed'),
      begins('pve3', install),
      { type: 'host.waiting', host: 'pve3', why: 'rebooting: new driver' } as const,
    ]
    assert.equal(
      linesOf([...events, { type: 'warning', message: 'six seconds later' }], { step: 6000 }),
      `PLAY Nodes  pve[1:3]
* Download the runfile  2/3  2 changed  48 s
    pve1  ##########.......... 50 %  133/266 MiB  downloading the driver
* Install the driver  0/3  30 s
    pve2  nvidia-installer: Building kernel modules
    pve3  rebooting: new driver  6.0 s
  Verify
elapsed 1 min 0 s`,
    )
  })

  test('a narrow terminal keeps counts and percentages, and cuts names and messages', () => {
    const long = taskRef('lxc_userspace_driver : Install the user-space driver in the container')
    const events = [
      started(['pve1', 'pve2']),
      playStarted('Nodes with cards', ['pve1', 'pve2'], [long, verify]),
      taskFinished('pve1', long, 'changed'),
      begins('pve2', long),
      says('pve2', long, 'downloading something very long', { done: 1, total: 4 }),
    ]
    assert.equal(
      linesOf(events, { columns: 40 }),
      `PLAY Nodes with cards  pve1 pve2
* lxc_userspace_driver…  1/2  1 changed
    pve2  25 %  downloading something…
  Verify
elapsed 0 s`,
    )
    assert.match(
      linesOf(events, { columns: 200 }),
      /^\* lxc_userspace_driver : Install .* container {2}1\/2/m,
    )
    linesOf(events, { columns: 10 })
    linesOf(events, { columns: 20, rows: 5 })
  })

  test('200 hosts never have a line each: equal ones share one, and the slowest come first', () => {
    const hosts = fleetOf(200)
    const events = [
      started(hosts),
      playStarted('Fleet', hosts, [install, verify]),
      ...hosts.map((host) => begins(host, install)),
      ...hosts
        .slice(0, 100)
        .map((host) => says(host, install, 'downloading', { done: 2 * MiB, total: 8 * MiB })),
      ...hosts.slice(100, 120).map((host, index) => says(host, install, `building module ${index}`)),
      ...hosts.slice(150).map((host) => taskFinished(host, install, 'changed')),
    ]
    assert.equal(
      linesOf(events, { rows: 13 }),
      `PLAY Fleet  gpu[001:200]
* Install the driver  50/200  50 changed
    gpu[001:100]  #####............... 25 %  200/800 MiB  downloading
    gpu101  building module 0
    gpu102  building module 1
    gpu103  building module 2
    gpu104  building module 3
    and 46 more: gpu[105:150]
  Verify
elapsed 0 s`,
    )
  })

  test('hosts on which a task failed are named below it, and nothing waits for them', () => {
    const hosts = fleetOf(20)
    const events = [
      started(hosts),
      playStarted('Fleet', hosts, [install, verify]),
      ...hosts.slice(0, 18).map((host) => taskFinished(host, install, 'ok')),
      begins('gpu019', install),
      taskFinished('gpu020', install, 'failed'),
    ]
    assert.match(
      linesOf(events),
      /^\* Install the driver {2}19\/20 {2}18 ok {2}1 failed\n {4}failed {2}gpu020\n {4}gpu019$/m,
    )
    assert.match(
      linesOf([...events, taskFinished('gpu019', install, 'ok'), begins('gpu001', verify)]),
      /^x Install the driver {2}19 ok {2}1 failed\n\* Verify {2}0\/19\n {4}gpu001\nelapsed 0 s {2}1 host failed$/m,
    )
  })

  test('plays of the same name are separate, and the first that started is the first that ends', () => {
    const again = taskRef('Again')
    const events = [
      started(['a', 'b']),
      playStarted('Same', ['a'], [install]),
      playStarted('Same', ['b'], [again]),
      begins('a', install),
      begins('b', again),
    ]
    assert.match(linesOf(events), /^PLAY Same {2}a\n\* Install[^]*\nPLAY Same {2}b\n\* Again/)
    assert.match(linesOf([...events, { type: 'play.finished', play: 'Same' }]), /^PLAY Same {2}b\n\* Again/)
  })

  test('a host is shown at the task of its latest news', () => {
    const events = [
      started(['a']),
      playStarted('One', ['a'], [install, verify]),
      begins('a', install),
      begins('a', verify),
    ]
    assert.equal(linesOf(events), 'PLAY One  a\n* Install the driver\n* Verify\n    a\nelapsed 0 s')
  })

  test('tasks of a rescue that no host has reached are left out once later ones have begun', () => {
    const rescue = taskRef('Restore the old driver')
    const begun = [started(['a']), playStarted('One', ['a'], [install, rescue, verify])]
    assert.match(linesOf(begun), /Restore/)
    assert.doesNotMatch(linesOf([...begun, taskFinished('a', install, 'ok'), begins('a', verify)]), /Restore/)
  })

  test('handlers appear when they are run', () => {
    const restart = taskRef('Restart it', { handler: true })
    const begun = [started(['a', 'b']), playStarted('One', ['a', 'b'], [install, restart])]
    assert.doesNotMatch(linesOf(begun), /Restart/)
    assert.match(linesOf([...begun, begins('a', restart)]), /^\* Restart it {2}0\/2\n {4}a$/m)
    assert.match(linesOf([...begun, taskFinished('a', restart, 'changed')]), /^\+ Restart it {2}1 changed$/m)
  })

  test('hosts to which gpuplay connects are in the last line', () => {
    const events = [started(['a', 'b']), { type: 'host.connecting', host: 'b' } as const]
    assert.equal(linesOf(events), 'elapsed 0 s  connecting to b')
    assert.equal(linesOf([...events, { type: 'host.connected', host: 'b' }]), 'elapsed 0 s')
  })

  test('everything fits into 24 rows and 80 columns, whatever 200 hosts do in 60 tasks', () => {
    const hosts = fleetOf(200)
    const tasks = Array.from({ length: 60 }, (_, index) => taskRef(`Task ${index} of a long play`))
    const at = (index: number): TaskRef => tasks[index % tasks.length] ?? install
    const events = [
      started(hosts),
      playStarted('Fleet', hosts, tasks),
      ...hosts.flatMap((host, index) => [
        taskFinished(host, at(index), index % 7 === 0 ? 'failed' : 'changed'),
        begins(host, at(index + 1)),
        says(host, at(index + 1), `step ${index}`),
      ]),
    ]
    for (const [columns, rows] of [
      [80, 24],
      [200, 50],
      [40, 10],
    ] as const) {
      const shown = linesOf(events, { columns, rows })
      assert.match(shown, /^elapsed 0 s {2}29 hosts failed$/m)
      assert.match(shown, /\n {2}and \d+ more lines\n/)
    }
  })
})
