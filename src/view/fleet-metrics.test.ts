import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { GpuStatus } from '../modules/gpu-verify/gpu-status.ts'
import { nothingKnown } from '../modules/gpu-verify/gpu-table.ts'
import { fleetMetrics, type MeasuredHost } from './fleet-metrics.ts'
import { metricsText } from './metrics-text.ts'
import type { RecordedRun } from './runs-text.ts'
import { finished, numbered, started } from './testing/sample-events.ts'

const node = (more: Partial<GpuStatus>, findings = 0): MeasuredHost => ({
  status: { ...nothingKnown, host: 'pve1', node: null, ctid: null, state: 'ok', detail: '', ...more },
  findings,
})
const container = (more: Partial<GpuStatus>, findings = 0): MeasuredHost =>
  node({ host: 'web', node: 'pve1', ctid: '101', ...more }, findings)

function run(check: boolean, end?: Parameters<typeof finished>[0]): RecordedRun {
  const [first, last] = numbered([started(['pve1'], check), finished({ check, ...end })])
  assert.ok(first?.type === 'run.started' && last?.type === 'run.finished')
  return { started: first, finished: end === undefined ? undefined : last }
}

/** The samples, without the lines of help and type. */
function samples(hosts: readonly MeasuredHost[], runs: readonly RecordedRun[] = []): readonly string[] {
  return metricsText(fleetMetrics({ version: '1.2.3', hosts, runs }))
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('#'))
}

const matching = (lines: readonly string[], pattern: RegExp): readonly string[] =>
  lines.filter((line) => pattern.test(line))

test('a node and a container in order have all metrics', () => {
  const versions = { loaded: '580.95.05', userspace: '580.95.05' }
  const hosts = [
    node({ ...versions, wanted: '580.95.05', assigned: ['GPU-1', 'GPU-2'], visible: ['GPU-1', 'GPU-2'] }),
    container({ ...versions, cuda: '12.8', assigned: ['GPU-1'], visible: ['GPU-1'] }),
  ]
  const web = 'host="web",node="pve1",ctid="101"'
  assert.deepEqual(samples(hosts), [
    'gpuplay_build_info{version="1.2.3"} 1',
    'gpuplay_host_state_info{host="pve1",state="ok"} 1',
    `gpuplay_host_state_info{${web},state="ok"} 1`,
    'gpuplay_host_ok{host="pve1"} 1',
    `gpuplay_host_ok{${web}} 1`,
    'gpuplay_host_reachable{host="pve1"} 1',
    `gpuplay_host_reachable{${web}} 1`,
    'gpuplay_host_drift{host="pve1"} 0',
    `gpuplay_host_drift{${web}} 0`,
    'gpuplay_host_pending{host="pve1"} 0',
    `gpuplay_host_pending{${web}} 0`,
    'gpuplay_host_findings{host="pve1"} 0',
    `gpuplay_host_findings{${web}} 0`,
    'gpuplay_driver_wanted_info{host="pve1",version="580.95.05"} 1',
    'gpuplay_driver_loaded_info{host="pve1",version="580.95.05"} 1',
    `gpuplay_driver_loaded_info{${web},version="580.95.05"} 1`,
    'gpuplay_userspace_driver_info{host="pve1",version="580.95.05"} 1',
    `gpuplay_userspace_driver_info{${web},version="580.95.05"} 1`,
    `gpuplay_cuda_toolkit_info{${web},version="12.8"} 1`,
    'gpuplay_gpus_assigned{host="pve1"} 2',
    `gpuplay_gpus_assigned{${web}} 1`,
    'gpuplay_gpus_visible{host="pve1"} 2',
    `gpuplay_gpus_visible{${web}} 1`,
    'gpuplay_gpus_of_vms{host="pve1"} 0',
    'gpuplay_gpus_excluded{host="pve1"} 0',
  ])
})

for (const [state, ok, drift, pending] of [
  ['ok', 1, 0, 0],
  ['template', 1, 0, 0],
  ['drift', 0, 1, 0],
  ['old-user-space', 0, 1, 0],
  ['pending', 0, 0, 1],
  ['reboot-pending', 0, 0, 1],
  ['key-pending', 0, 0, 1],
  ['no-module', 0, 0, 0],
  ['problem', 0, 0, 0],
] as const) {
  test(`the state ${state} is counted`, () => {
    assert.deepEqual(matching(samples([node({ state }, 3)]), /_(ok|drift|pending|findings)\{/), [
      `gpuplay_host_ok{host="pve1"} ${ok}`,
      `gpuplay_host_drift{host="pve1"} ${drift}`,
      `gpuplay_host_pending{host="pve1"} ${pending}`,
      'gpuplay_host_findings{host="pve1"} 3',
    ])
  })
}

test('nothing is claimed about a host that did not answer', () => {
  assert.deepEqual(samples([node({ state: 'unreachable' }, 1)]).slice(1), [
    'gpuplay_host_state_info{host="pve1",state="unreachable"} 1',
    'gpuplay_host_ok{host="pve1"} 0',
    'gpuplay_host_reachable{host="pve1"} 0',
    'gpuplay_host_findings{host="pve1"} 1',
  ])
})

test('GPUs of a container that does not run, or is not in the inventory, are assigned, but not visible', () => {
  const assigned = ['GPU-1']
  for (const state of ['stopped', 'template', 'old-user-space', 'unmanaged'] as const)
    assert.deepEqual(
      matching(samples([container({ host: null, state, assigned })]), /_gpus_/),
      ['gpuplay_gpus_assigned{node="pve1",ctid="101"} 1'],
      state,
    )
})

test('the last run and the last dry run have their time, and their exit code once they are finished', () => {
  const time = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000
  assert.deepEqual(samples([], [run(false, { exitCode: 7 }), run(true)]).slice(1), [
    `gpuplay_last_run_start_timestamp_seconds{check="false"} ${time}`,
    `gpuplay_last_run_start_timestamp_seconds{check="true"} ${time}`,
    'gpuplay_last_run_duration_seconds{check="false"} 0.4',
    'gpuplay_last_run_exit_code{check="false"} 7',
  ])
})

test('the page of the command line explains every metric', () => {
  const page = readFileSync(new URL('../../docs/command-line.md', import.meta.url), 'utf8')
  assert.deepEqual(
    [...page.matchAll(/^\| `(gpuplay_\w+)` +\| \S/gm)].map(([, name]) => name),
    fleetMetrics({ version: '', hosts: [], runs: [] }).map(({ name }) => name),
  )
})
