/** The metrics of a fleet, from what `gpuplay status` knows and from the recorded runs. */
import type { GpuStatus } from '../modules/gpu-verify/gpu-status.ts'
import type { MetricFamily, MetricSample } from './metrics-text.ts'
import type { RecordedRun } from './runs-text.ts'

export interface MeasuredFleet {
  /** Version of gpuplay. */
  readonly version: string
  readonly hosts: readonly MeasuredHost[]
  /** The last run and the last dry run, as far as they are recorded. */
  readonly runs: readonly RecordedRun[]
}

/** A node or a container, with the number of things that are off there. */
export interface MeasuredHost {
  readonly status: GpuStatus
  readonly findings: number
}

/** Names, labels and meanings stay the same; later versions may add metrics. */
export function fleetMetrics({ version, hosts, runs }: MeasuredFleet): readonly MetricFamily[] {
  const statuses = hosts.map(({ status }) => status)
  return [
    {
      name: 'gpuplay_build_info',
      help: 'Version of gpuplay; always 1.',
      samples: [{ labels: { version }, value: 1 }],
    },
    ...stateMetrics(hosts),
    ...versionMetrics(statuses),
    ...gpuMetrics(statuses.filter(isKnown)),
    ...runMetrics(runs),
  ]
}

function stateMetrics(hosts: readonly MeasuredHost[]): readonly MetricFamily[] {
  const statuses = hosts.map(({ status }) => status)
  const reachable = statuses.filter(({ state }) => state !== 'unreachable')
  return [
    {
      name: 'gpuplay_host_state_info',
      help: 'State of the node or container, as in "gpuplay status"; always 1.',
      samples: statuses.map((status) => ({ labels: { ...placeOf(status), state: status.state }, value: 1 })),
    },
    oneOf('gpuplay_host_ok', '1 if the node or container is in order.', statuses, ['ok', 'template']),
    {
      name: 'gpuplay_host_reachable',
      help: '0 if the node or container did not answer.',
      samples: statuses.map((status) => sample(status, status.state !== 'unreachable')),
    },
    oneOf(
      'gpuplay_host_drift',
      '1 if a node has another driver than required, or a container another one than its node.',
      reachable,
      ['drift', 'old-user-space'],
    ),
    oneOf(
      'gpuplay_host_pending',
      '1 if a change waits for a reboot, a restart or a confirmation at the console.',
      reachable,
      ['pending', 'reboot-pending', 'key-pending'],
    ),
    {
      name: 'gpuplay_host_findings',
      help: 'Number of findings: what is off, with its cause and fix in "gpuplay status".',
      samples: hosts.map(({ status, findings }) => sample(status, findings)),
    },
  ]
}

function versionMetrics(statuses: readonly GpuStatus[]): readonly MetricFamily[] {
  const info = (name: string, help: string, versionOf: (status: GpuStatus) => string | null) => ({
    name,
    help: `${help}; always 1.`,
    samples: statuses.flatMap((status): readonly MetricSample[] => {
      const version = versionOf(status)
      return version === null ? [] : [{ labels: { ...placeOf(status), version }, value: 1 }]
    }),
  })
  return [
    info(
      'gpuplay_driver_wanted_info',
      'Driver version that the inventory requires on the node',
      ({ wanted }) => wanted,
    ),
    info('gpuplay_driver_loaded_info', 'Driver version that is loaded on the node', ({ loaded }) => loaded),
    info('gpuplay_userspace_driver_info', 'Version of the user-space driver', ({ userspace }) => userspace),
    info('gpuplay_cuda_toolkit_info', 'Release of the CUDA toolkit', ({ cuda }) => cuda),
  ]
}

/** Nothing is known about the GPUs of a host that did not answer. */
function isKnown({ assigned, visible }: GpuStatus): boolean {
  return assigned !== null || visible.length > 0
}

/** In these states nvidia-smi was not asked: the container does not run, or is not in the inventory. */
const notAsked: readonly GpuStatus['state'][] = ['stopped', 'template', 'old-user-space', 'unmanaged']

function gpuMetrics(statuses: readonly GpuStatus[]): readonly MetricFamily[] {
  const nodes = statuses.filter(({ node }) => node === null)
  return [
    {
      name: 'gpuplay_gpus_assigned',
      help: 'Number of GPUs: on a node all that are for containers, of a container the assigned ones.',
      samples: statuses.flatMap((status) =>
        status.assigned === null ? [] : [sample(status, status.assigned.length)],
      ),
    },
    {
      name: 'gpuplay_gpus_visible',
      help: 'Number of GPUs that nvidia-smi shows there; absent if the container does not run.',
      samples: statuses
        .filter(({ state }) => !notAsked.includes(state))
        .map((status) => sample(status, status.visible.length)),
    },
    {
      name: 'gpuplay_gpus_of_vms',
      help: 'Number of GPUs of the node that belong to VMs.',
      samples: nodes.map((status) => sample(status, status.gpus_of_vms)),
    },
    {
      name: 'gpuplay_gpus_excluded',
      help: 'Number of GPUs of the node in nvidia_host_exclude_gpus.',
      samples: nodes.map((status) => sample(status, status.gpus_excluded)),
    },
  ]
}

function runMetrics(runs: readonly RecordedRun[]): readonly MetricFamily[] {
  const checkOf = ({ started }: RecordedRun) => ({ check: String(started.check) })
  const ended = runs.flatMap((run) =>
    run.finished === undefined ? [] : [{ labels: checkOf(run), finished: run.finished }],
  )
  return [
    {
      name: 'gpuplay_last_run_start_timestamp_seconds',
      help: 'Time at which the last recorded run of this inventory started; check is "true" for a dry run.',
      samples: runs.map((run) => ({
        labels: checkOf(run),
        value: Date.parse(run.started.time) / 1000,
      })),
    },
    {
      name: 'gpuplay_last_run_duration_seconds',
      help: 'Duration of that run; absent if it has not finished.',
      samples: ended.map(({ labels, finished }) => ({ labels, value: finished.milliseconds / 1000 })),
    },
    {
      name: 'gpuplay_last_run_exit_code',
      help: 'Exit code of that run; absent if it has not finished.',
      samples: ended.map(({ labels, finished }) => ({ labels, value: finished.exitCode })),
    },
  ]
}

/** A metric that is 1 in some states, and 0 in the others. */
function oneOf(
  name: string,
  help: string,
  statuses: readonly GpuStatus[],
  states: readonly GpuStatus['state'][],
): MetricFamily {
  return { name, help, samples: statuses.map((status) => sample(status, states.includes(status.state))) }
}

function sample(status: GpuStatus, value: number | boolean): MetricSample {
  return { labels: placeOf(status), value: Number(value) }
}

function placeOf({ host, node, ctid }: GpuStatus): Readonly<Record<string, string>> {
  return { host: host ?? '', node: node ?? '', ctid: ctid ?? '' }
}
