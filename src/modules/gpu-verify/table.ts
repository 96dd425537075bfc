/** Rows of the final table: required, loaded and visible, with a state. Pure. */
import type { Finding } from '../../host/plan.ts'
import type { Gpu } from '../../nvidia/gpus.ts'
import type { GpuContainer } from '../../nvidia/gpu-containers.ts'
import { shortUuid } from '../../nvidia/smi.ts'
import { userspaceVersion } from '../../nvidia/userspace.ts'
import { compareVersions } from '../../base/version.ts'
import type { SummaryRow } from '../module.ts'
import type { Args } from './args.ts'
import { allCompute } from './compute-findings.ts'
import { staleUserspace, visibility } from './container-findings.ts'
import type { ContainerSeen } from './read-container.ts'
import type { NodeSeen } from './read-node.ts'

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
  const inVm = gpus.owned.size
  const installed = userspaceVersion(userspace)
  const pending = version !== '' && installed === version && loaded !== version
  const stopped = runningGuests === 0 ? '' : ` ${runningGuests} ${runningGuests === 1 ? 'guest' : 'guests'}`
  const keyPending = seen.secureBoot === 'key-requested'
  const problem = keyPending
    ? 'KEY PENDING'
    : findings.length === heldBack.length
      ? `HELD BACK CT ${heldBack.map(({ ctid }) => ctid).join(', ')}`
      : stateOf(findings)
  return {
    table,
    columns,
    cells: [
      name,
      version || none,
      loaded ?? none,
      installed ?? none,
      none,
      inVm === 0 ? String(gpus.gpus.length) : `${gpus.gpus.length} (${inVm} in VM)`,
      smi?.kind === 'gpus' ? smi.gpus.map(({ uuid }) => shortUuid(uuid)).join(' ') : none,
      findings.length === 0 ? 'ok' : pending && !keyPending ? `REBOOT PENDING${stopped}` : problem,
    ],
    order: name,
    state: findings.length === 0 ? 'ok' : 'problem',
    ...(findings.length === 0 && gpus.gpus.length > 0 ? { note: nodeNote(seen) } : undefined),
  }
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
