import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventBody } from '../events/events.ts'
import { noCounts } from '../events/events.ts'
import { finished, started, taskRef } from './testing/sample-events.ts'
import { createColors } from './colors.ts'
import { tablesText } from './tables-text.ts'
import { shown } from './testing/shown.ts'

test('the recap has the tables of the tasks, the counts of each host and the meaning of the exit code', () => {
  const columns = ['NODE/CT', 'GPUS', 'STATE']
  const events: readonly EventBody[] = [
    started(['pve1', 'vllm-a']),
    finished({
      hosts: { pve1: { ...noCounts, ok: 3, changed: 1 }, 'vllm-a': { ...noCounts, ok: 2, failed: 1 } },
      exitCode: 7,
      failures: [{ host: 'vllm-a', task: taskRef('verify : Check'), exitCode: 7 }],
      milliseconds: 12_300,
      rows: [
        { table: 'gpus', columns, cells: ['pve1', '2', 'ok'], order: '1', state: 'ok' },
        {
          table: 'gpus',
          columns,
          cells: ['vllm-a 201', '0/1', 'DRIFT'],
          order: '2',
          indent: 1,
          state: 'problem',
        },
      ],
    }),
  ]
  assert.equal(
    shown(events),
    `Running site.yml on 2 hosts

NODE/CT       GPUS  STATE
pve1          2     ok
  vllm-a 201  0/1   DRIFT
1 problem

RECAP   ok  changed  failed
pve1    3   1        0
vllm-a  2   0        1
failed on vllm-a: "verify : Check" (exit 7) in 12 s
`,
  )
})

const install = { id: 'i', name: 'install', module: 'apt', handler: false, where: 'site.yml:7' }

test('times are shown per task, summed over all hosts', () => {
  const times = { connect: 0, look: 0, act: 0, wait: 0 }
  const text = shown([
    finished({
      profile: [
        { ...times, host: 'pve1', task: undefined, connect: 300 },
        { ...times, host: 'pve1', task: install, look: 100, act: 2000 },
        { ...times, host: 'pve2', task: undefined, connect: 500 },
        { ...times, host: 'pve2', task: install, act: 4000, wait: 65_000 },
      ],
    }),
  ])
  assert.equal(
    text,
    `
TIMES OF 2 HOSTS         connect  look   act    wait       all
(before the first task)  0.8 s    -      -      -          0.8 s
install                  -        0.1 s  6.0 s  1 min 5 s  1 min 11 s
all tasks                0.8 s    0.1 s  6.0 s  1 min 5 s  1 min 12 s

nothing was done: no play matched a host in 0.4 s
`,
  )
})

const greet = taskRef('Greet')
for (const [what, event, closing] of [
  [
    'in which nothing changed',
    { hosts: { pve1: { ...noCounts, ok: 1 } } },
    'everything is as declared: 0 changed',
  ],
  ['in which something changed', { hosts: { pve1: { ...noCounts, changed: 4 } } }, 'done: 4 changed'],
  [
    'in which a failure was rescued',
    { hosts: { pve1: { ...noCounts, ok: 1, rescued: 1 } } },
    'done: 0 changed, 1 rescued',
  ],
  [
    'in which a failure was ignored',
    { hosts: { pve1: { ...noCounts, ok: 1, ignored: 2 } } },
    'done: 0 changed, 2 ignored',
  ],
  [
    'with a failure that did not end it',
    { hosts: { pve1: { ...noCounts, ok: 1, failed: 1 } } },
    'done: 0 changed, 1 failed',
  ],
  [
    'that leaves a handler behind',
    { hosts: { pve1: { ...noCounts, ok: 1 } }, pendingHandlers: 1 },
    'done: 0 changed, 1 handler pending',
  ],
  ['without hosts', {}, 'nothing was done: no play matched a host'],
  ['without tasks', { hosts: { pve1: noCounts } }, 'nothing was done: no task was selected'],
  [
    'that was dry',
    { hosts: { pve1: { ...noCounts, changed: 4, unknown: 2, ignored: 1 } }, check: true },
    'nothing was changed: 4 would change, 2 may run, 1 ignored',
  ],
  [
    'that was interrupted',
    { hosts: { pve1: { ...noCounts, changed: 4 } }, exitCode: 130 },
    'interrupted (exit 130)',
  ],
  [
    'in which hosts failed',
    {
      hosts: { pve1: { ...noCounts, failed: 1 }, pve2: { ...noCounts, failed: 1 } },
      exitCode: 5,
      failures: [
        { host: 'pve1', task: greet, exitCode: 7 },
        { host: 'pve2', task: greet, exitCode: 5 },
      ],
    },
    'failed on pve2: "Greet", and 1 more host failed (exit 5)',
  ],
  [
    'in which a host could not be reached',
    {
      hosts: { pve1: { ...noCounts, unreachable: 1 } },
      exitCode: 3,
      failures: [{ host: 'pve1', exitCode: 3 }],
    },
    'could not reach pve1 (exit 3)',
  ],
] as const) {
  test(`a run ${what} ends with "${closing}"`, () => {
    const text = shown([finished(event)])
    assert.equal(text.trimEnd().split('\n').at(-1), `${closing} in 0.4 s`)
  })
}

test('the recap has a column for rescued failures', () => {
  assert.match(
    shown([finished({ hosts: { pve1: { ...noCounts, ok: 3, rescued: 2 } } })]),
    /\nRECAP +ok +changed +rescued\npve1 +3 +0 +2\n/,
  )
})

test('the recap has a column for ignored failures', () => {
  assert.match(
    shown([finished({ hosts: { pve1: { ...noCounts, ok: 3, ignored: 2 } } })]),
    /\nRECAP +ok +changed +ignored\npve1 +3 +0 +2\n/,
  )
})

const wide = {
  table: 'gpus',
  columns: ['NODE/CT', 'UUID', 'STATE'],
  dispensable: ['UUID'],
  cells: ['pve1', 'GPU-8f3c0000 GPU-8f3c0001', 'PROBLEM nvidia_uvm is not loaded'],
  order: '1',
  state: 'problem',
} as const

for (const [width, lines] of [
  [
    80,
    [
      'NODE/CT  UUID                       STATE',
      'pve1     GPU-8f3c0000 GPU-8f3c0001  PROBLEM nvidia_uvm is not loaded',
    ],
  ],
  [50, ['NODE/CT  STATE', 'pve1     PROBLEM nvidia_uvm is not loaded']],
  [30, ['NODE/CT  STATE', 'pve1     PROBLEM nvidia_uvm i…']],
] as const) {
  test(`a table fits a terminal of ${width} columns: it loses columns first, then the ends of lines`, () => {
    const text = tablesText(
      [wide],
      createColors({ wanted: 'never', environment: {}, isTerminal: false }),
      width,
    )
    assert.deepEqual(text.split('\n').slice(0, 2), lines)
  })
}

const fleet = Array.from({ length: 500 }, (_, index) => `gpu-node-${String(index + 1).padStart(3, '0')}`)

test('a fleet has few lines: equal hosts together, failed ones last, with their reasons', () => {
  const failed = new Set(['gpu-node-017', 'gpu-node-300'])
  const counts = (host: string) => {
    if (failed.has(host)) return { ...noCounts, ok: 4, failed: 1 }
    return { ...noCounts, ok: 30, changed: host < 'gpu-node-101' ? 3 : 0 }
  }
  const text = shown([
    finished({
      hosts: Object.fromEntries(fleet.map((host) => [host, counts(host)])),
      exitCode: 5,
      failures: [...failed].map((host) => {
        return { host, task: greet, exitCode: 5, message: `${host}: no space left\nmore` }
      }),
    }),
  ])
  assert.equal(
    text,
    `
RECAP                                        ok  changed  failed
gpu-node-[001:016] gpu-node-[018:100] (99)   30  3        0
gpu-node-[101:299] gpu-node-[301:500] (399)  30  0        0
gpu-node-017 gpu-node-300 (2)                4   0        1
failed  gpu-node-017 gpu-node-300 (2)  Greet: gpu-node-017: no space left
failed on gpu-node-017: "Greet", and 1 more host failed (exit 5) in 0.4 s
`,
  )
})

test('500 hosts with 500 different results and failures have under 30 lines', () => {
  const hosts = Object.fromEntries(
    fleet.map((host, index) => [host, { ...noCounts, ok: index, failed: index % 2 }]),
  )
  const failures = fleet
    .filter((_, index) => index % 2 === 1)
    .map((host, index) => ({ host, exitCode: 7 as const, message: `reason ${'x'.repeat(index)}` }))
  const lines = shown([finished({ hosts, exitCode: 7, failures })]).split('\n')
  assert.ok(lines.length < 30, String(lines.length))
  assert.match(lines.join('\n'), / and \d+ more \(243\) +14-498 +0 +0\n/)
  assert.match(lines.join('\n'), /\n242 more reasons of failures are above\n/)
})

test('at the end of a run, the table of a fleet shows only what is not in order', () => {
  const columns = ['NODE/CT', 'STATE']
  const rowsOf = (off: string) =>
    fleet.slice(0, 40).flatMap((node) =>
      [node, `${node}-ct`].map((name, indent) => {
        const state = name === off ? 'problem' : 'ok'
        return { table: 'gpus', columns, cells: [name, state], order: name, indent, state } as const
      }),
    )
  const hosts = { pve1: { ...noCounts, ok: 1 } }
  assert.match(
    shown([finished({ hosts, rows: rowsOf('gpu-node-007-ct') })]),
    /^\nNODE\/CT {12}STATE\ngpu-node-007 {7}ok\n {2}gpu-node-007-ct {2}problem\n1 problem\n78 more are in order\n/,
  )
  assert.match(shown([finished({ hosts, rows: rowsOf('') })]), /^\nNODE\/CT: all 80 are in order\n/)
})
