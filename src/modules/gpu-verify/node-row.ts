/** The rows of a node: its own, and those of its containers that the inventory does not have. Pure. */
import type { Finding } from '../../host/plan.ts'
import type { GpuContainer } from '../../nvidia/gpu-containers.ts'
import type { NodeGpus } from '../../nvidia/gpus.ts'
import { shortUuid, type VisibleGpu } from '../../nvidia/smi.ts'
import { userspaceVersion } from '../../nvidia/userspace.ts'
import type { SummaryRow } from '../module.ts'
import type { Args } from './args.ts'
import { allCompute } from './compute-findings.ts'
import type { GpuStatus } from './gpu-status.ts'
import { firstOf, none, nothingKnown, rowOf } from './gpu-table.ts'
import { kernelsWithoutModule, matters } from './kernel-findings.ts'
import type { NodeSeen } from './read-node.ts'

export function nodeRows(given: Args, seen: NodeSeen, findings: readonly Finding[]): readonly SummaryRow[] {
  return [nodeRow(given, seen, findings), ...seen.unmanaged.map((container) => unmanagedRow(seen, container))]
}

function nodeRow(given: Args, seen: NodeSeen, findings: readonly Finding[]): SummaryRow {
  const { version } = given
  const { name, loaded, userspace, gpus, smi } = seen
  const installed = userspaceVersion(userspace)
  const visible = smi?.kind === 'gpus' ? forContainers(smi.gpus, gpus) : []
  const inVms = gpus.withheld.filter(({ withheld: { kind } }) => kind === 'vm' || kind === 'vfio').length
  const excluded = gpus.withheld.filter(({ withheld: { kind } }) => kind === 'excluded').length
  return rowOf({
    status: {
      host: name,
      node: null,
      ctid: null,
      ...nodeState(given, seen, findings),
      wanted: version === '' ? null : version,
      loaded: loaded ?? null,
      userspace: installed ?? null,
      cuda: null,
      assigned: gpus.gpus.map(({ uuid, pci }) => uuid ?? pci),
      visible: visible.map(({ uuid }) => uuid),
      gpus_of_vms: inVms,
      gpus_excluded: excluded,
    },
    cells: [
      version || none,
      loaded ?? none,
      installed ?? none,
      none,
      counted(gpus.gpus.length, inVms, excluded),
      smi?.kind === 'gpus' ? visible.map(({ uuid }) => shortUuid(uuid)).join(' ') : none,
    ],
    severity: findings.length === 0 ? 'ok' : 'problem',
    findings,
    note: findings.length === 0 && gpus.gpus.length > 0 ? nodeNote(seen) : undefined,
  })
}

function nodeState(
  given: Args,
  seen: NodeSeen,
  findings: readonly Finding[],
): Pick<GpuStatus, 'state' | 'detail'> {
  const { version } = given
  const { loaded, userspace, runningGuests, heldBack, kernels, secureBoot } = seen
  const missing = kernelsWithoutModule(given, kernels, loaded !== undefined).map(({ kernel }) => kernel)
  const urgent = missing.filter((kernel) => matters(kernel, kernels))
  const other = version !== '' && loaded !== undefined && loaded !== version
  if (findings.length === 0) return { state: 'ok', detail: '' }
  if (secureBoot === 'key-requested') return { state: 'key-pending', detail: '' }
  if (urgent.length > 0) return { state: 'no-module', detail: `for kernel ${urgent.join(', ')}` }
  if (other && userspaceVersion(userspace) === version)
    return {
      state: 'reboot-pending',
      detail: runningGuests === 0 ? '' : `${runningGuests} ${runningGuests === 1 ? 'guest' : 'guests'}`,
    }
  if (findings.length === missing.length)
    return { state: 'no-module', detail: `for kernel ${missing.join(', ')}` }
  if (findings.length === heldBack.length)
    return { state: 'held-back', detail: `CT ${heldBack.map(({ ctid }) => ctid).join(', ')}` }
  return { state: other ? 'drift' : 'problem', detail: firstOf(findings) }
}

/** `1 (1 in VM, 1 excluded)` */
function counted(gpus: number, inVms: number, excluded: number): string {
  const others = [
    ...(inVms === 0 ? [] : [`${inVms} in VM`]),
    ...(excluded === 0 ? [] : [`${excluded} excluded`]),
  ]
  return others.length === 0 ? String(gpus) : `${gpus} (${others.join(', ')})`
}

/** nvidia-smi also shows cards of VMs that the driver has until their VM starts. */
function forContainers(visible: readonly VisibleGpu[], { withheld }: NodeGpus): readonly VisibleGpu[] {
  return visible.filter(({ pci }) => !withheld.some((gpu) => gpu.pci === pci))
}

/** Its GPUs work until the node's driver changes: not a problem yet, and this run could not fix it. */
function unmanagedRow({ name }: NodeSeen, container: GpuContainer): SummaryRow {
  const { ctid, gpus } = container
  return rowOf({
    status: {
      ...nothingKnown,
      host: null,
      node: name,
      ctid,
      state: 'unmanaged',
      detail: '',
      assigned: [...gpus],
    },
    cells: ['', '', '', '', gpus.join(' ') || none, ''],
    severity: 'pending',
    findings: [
      {
        message: unmanagedSentence(name, container),
        cause: 'a change of the driver on the node breaks it, since no run updates its user-space driver',
        fix: `add it to the inventory (node: ${name}, ctid: ${ctid}, gpu_assignment), then: gpuplay run containers.yml -i INVENTORY -l NAME`,
      },
    ],
  })
}

export function unmanagedSentence(node: string, { ctid, hostname }: GpuContainer): string {
  const called = hostname === '' ? '' : ` (${hostname})`
  return `container ${ctid}${called} of ${node} has a GPU, but is not in the inventory`
}

function nodeNote({ computing, gpus }: NodeSeen): string {
  return `ok on a node: the driver is loaded and ${
    allCompute(computing, gpus.gpus) ? 'CUDA computes on each GPU' : 'nvidia-smi shows each GPU; not computed'
  }`
}
