/** Rows of the final table: required, loaded and visible, with a state. Pure. */
import type { Finding } from '../../host/plan.ts'
import type { Gpu, NodeGpus } from '../../nvidia/gpus.ts'
import type { GpuContainer } from '../../nvidia/gpu-containers.ts'
import { shortUuid, type VisibleGpu } from '../../nvidia/smi.ts'
import { userspaceVersion } from '../../nvidia/userspace.ts'
import { compareVersions } from '../../base/version.ts'
import type { SummaryRow } from '../module.ts'
import type { Args } from './args.ts'
import { allCompute } from './compute-findings.ts'
import { staleUserspace } from './container-findings.ts'
import { kernelsWithoutModule, matters } from './kernel-findings.ts'
import type { ContainerSeen } from './read-container.ts'
import type { NodeSeen } from './read-node.ts'
import { visibility } from './visibility.ts'

const columns = ['NODE/CT', 'WANTED', 'LOADED', 'USER', 'CUDA', 'GPUS', 'UUID', 'STATE']
const table = 'GPUs'
const none = '-'

/** The node, and its containers that use a GPU but are not part of the run. */
export function nodeRows(given: Args, seen: NodeSeen, findings: readonly Finding[]): readonly SummaryRow[] {
  return [nodeRow(given, seen, findings), ...seen.unmanaged.map((container) => unmanagedRow(seen, container))]
}

function nodeRow(given: Args, seen: NodeSeen, findings: readonly Finding[]): SummaryRow {
  const { version } = given
  const { name, loaded, userspace, gpus, smi, runningGuests, heldBack } = seen
  const installed = userspaceVersion(userspace)
  const missing = kernelsWithoutModule(given, seen.kernels, loaded !== undefined).map(({ kernel }) => kernel)
  const urgent = missing.filter((kernel) => matters(kernel, seen.kernels))
  const pending = version !== '' && installed === version && loaded !== undefined && loaded !== version
  const stopped = runningGuests === 0 ? '' : ` ${runningGuests} ${runningGuests === 1 ? 'guest' : 'guests'}`
  const state = (): string => {
    if (findings.length === 0) return 'ok'
    if (seen.secureBoot === 'key-requested') return 'KEY PENDING'
    if (urgent.length > 0) return `NO MODULE for kernel ${urgent.join(', ')}`
    if (pending) return `REBOOT PENDING${stopped}`
    if (findings.length === missing.length) return `NO MODULE for kernel ${missing.join(', ')}`
    if (findings.length === heldBack.length)
      return `HELD BACK CT ${heldBack.map(({ ctid }) => ctid).join(', ')}`
    return stateOf(findings)
  }
  return {
    table,
    columns,
    cells: [
      name,
      version || none,
      loaded ?? none,
      installed ?? none,
      none,
      gpuCount(gpus),
      smi?.kind === 'gpus'
        ? forContainers(smi.gpus, gpus)
            .map(({ uuid }) => shortUuid(uuid))
            .join(' ')
        : none,
      state(),
    ],
    order: name,
    state: findings.length === 0 ? 'ok' : 'problem',
    ...(findings.length === 0 && gpus.gpus.length > 0 ? { note: nodeNote(seen) } : undefined),
  }
}

/** `1 (1 in VM, 1 excluded)` */
function gpuCount({ gpus, withheld }: NodeGpus): string {
  const inVm = withheld.filter((gpu) => gpu.withheld.kind === 'vm' || gpu.withheld.kind === 'vfio').length
  const excluded = withheld.filter((gpu) => gpu.withheld.kind === 'excluded').length
  const others = [
    ...(inVm === 0 ? [] : [`${inVm} in VM`]),
    ...(excluded === 0 ? [] : [`${excluded} excluded`]),
  ]
  return others.length === 0 ? String(gpus.length) : `${gpus.length} (${others.join(', ')})`
}

/** nvidia-smi also shows cards of VMs that the driver has until their VM starts. */
function forContainers(visible: readonly VisibleGpu[], { withheld }: NodeGpus): readonly VisibleGpu[] {
  return visible.filter(({ pci }) => !withheld.some((gpu) => gpu.pci === pci))
}

/** Its GPUs work until the node's driver changes: not a problem yet, and this run could not fix it. */
function unmanagedRow({ name }: NodeSeen, { ctid, gpus }: GpuContainer): SummaryRow {
  return {
    table,
    columns,
    cells: [`(CT ${ctid})`, '', '', '', '', gpus.join(' ') || none, '', 'UNMANAGED'],
    order: orderOf(name, ctid),
    indent: 1,
    state: 'pending',
  }
}

function orderOf(node: string, ctid: string): string {
  return `${node} ${ctid.padStart(10, '0')}`
}

function nodeNote({ computing, gpus }: NodeSeen): string {
  return `ok on a node: the driver is loaded and ${
    allCompute(computing, gpus.gpus) ? 'CUDA computes on each GPU' : 'nvidia-smi shows each GPU; not computed'
  }`
}

/** What was checked in a container whose row says `ok`. */
function containerNote(given: Args, seen: ContainerSeen, gpus: readonly Gpu[]): string {
  const isolation = given.isolation
    ? gpus.length === 0
      ? 'no GPU is accessible'
      : 'no other GPU is accessible'
    : 'access to other GPUs is not checked'
  if (gpus.length === 0) return `ok without GPUs: ${isolation}`
  const users = given.user === '' ? 'root' : `root and ${given.user}`
  const computed =
    allCompute(seen.computing, gpus) && (given.user === '' || allCompute(seen.computingAsUser, gpus))
  const works = computed
    ? 'CUDA computes on each assigned GPU'
    : 'nvidia-smi shows each assigned GPU; not computed'
  return `ok in a container: ${works}, as ${users}; ${isolation}`
}

export function containerRow(given: Args, seen: ContainerSeen, findings: readonly Finding[]): SummaryRow {
  const { cuda } = given
  const { name, ctid, node, loaded, userspace, noted, smi, assigned, running, nvcc } = seen
  const gpus = assigned?.kind === 'gpus' ? assigned.gpus : []
  const visible = smi?.kind === 'gpus' ? smi.gpus : []
  const { missing, extra } = visibility(gpus, visible)
  const right = visible.filter((gpu) => !extra.includes(gpu))
  const uuids = [
    ...right.map(({ uuid }) => shortUuid(uuid)),
    ...(running ? missing : []).map(({ uuid, pci }) => `-${uuid === undefined ? pci : shortUuid(uuid)}`),
    ...extra.map(({ uuid }) => `+${shortUuid(uuid)}`),
  ]
  const installed = userspace ? userspaceVersion(userspace) : noted
  const stale = staleUserspace(seen)
  const stopped = stale === undefined ? 'STOPPED' : `STOPPED ${stale}`
  return {
    table,
    columns,
    cells: [
      `${name} ${ctid}`,
      '',
      loaded ?? none,
      installed ?? none,
      nvcc ?? (cuda === '' || !running ? none : seen.missingPackages.length === 0 ? cuda : 'none'),
      assigned === undefined
        ? none
        : `${right.length}/${gpus.length}${extra.length === 0 ? '' : ` +${extra.length}`}`,
      uuids.length === 0 ? none : uuids.join(' '),
      findings.length > 0 ? containerState(seen, installed, findings) : running ? 'ok' : stopped,
    ],
    order: orderOf(node, ctid),
    indent: 1,
    state: findings.length > 0 ? 'problem' : running ? 'ok' : 'pending',
    ...(findings.length === 0 && running && assigned !== undefined
      ? { note: containerNote(given, seen, gpus) }
      : undefined),
  }
}

function containerState(
  { loaded, assigned }: ContainerSeen,
  installed: string | undefined,
  findings: readonly Finding[],
): string {
  if (assigned === undefined || loaded === undefined || installed === undefined || installed === loaded)
    return stateOf(findings)
  return compareVersions(installed, loaded) < 0
    ? 'DRIFT user space older than module'
    : 'DRIFT user space newer than module'
}

function stateOf([first, ...others]: readonly Finding[]): string {
  return `PROBLEM ${first?.message ?? ''}${others.length === 0 ? '' : `, and ${others.length} more`}`
}
