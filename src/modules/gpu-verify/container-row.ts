/** The row of a container. Pure. */
import { compareVersions } from '../../base/version.ts'
import type { Finding } from '../../host/plan.ts'
import type { Gpu } from '../../nvidia/gpus.ts'
import { shortUuid } from '../../nvidia/smi.ts'
import { userspaceVersion } from '../../nvidia/userspace.ts'
import { parseContainerConfig } from '../../proxmox/container-config.ts'
import { pendingNames } from '../../proxmox/pending-changes.ts'
import type { SummaryRow } from '../module.ts'
import type { Args } from './args.ts'
import { allCompute } from './compute-findings.ts'
import { fixOf, staleUserspace } from './container-findings.ts'
import type { GpuStatus } from './gpu-status.ts'
import { firstOf, none, nothingKnown, rowOf } from './gpu-table.ts'
import { pendingFindings } from './isolation-findings.ts'
import type { ContainerSeen } from './read-container.ts'
import { visibility } from './visibility.ts'

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
  const toolkit = nvcc ?? (cuda === '' || !running || seen.missingPackages.length > 0 ? undefined : cuda)
  const state = findings.length > 0 ? stateOf(seen, installed, findings) : harmless(seen)
  return rowOf({
    status: {
      ...nothingKnown,
      host: name,
      node,
      ctid,
      state: state.state,
      detail: state.detail,
      loaded: loaded ?? null,
      userspace: installed ?? null,
      cuda: toolkit ?? null,
      assigned: assigned === undefined ? null : gpus.map(({ uuid, pci }) => uuid ?? pci),
      visible: visible.map(({ uuid }) => uuid),
    },
    cells: [
      '',
      loaded ?? none,
      installed ?? none,
      toolkit ?? (cuda === '' || !running ? none : 'none'),
      assigned === undefined
        ? none
        : `${right.length}/${gpus.length}${extra.length === 0 ? '' : ` +${extra.length}`}`,
      uuids.length === 0 ? none : uuids.join(' '),
    ],
    severity: findings.length > 0 ? 'problem' : state.finding === undefined ? 'ok' : 'pending',
    findings: state.finding === undefined ? findings : [state.finding],
    note: state.state === 'ok' && assigned !== undefined ? containerNote(given, seen, gpus) : undefined,
  })
}

interface RowState extends Pick<GpuStatus, 'state' | 'detail'> {
  /** What is off, although no finding fails a verification. */
  readonly finding?: Finding
}

function stateOf(seen: ContainerSeen, installed: string | undefined, findings: readonly Finding[]): RowState {
  const { loaded, assigned, config } = seen
  if (assigned !== undefined && loaded !== undefined && installed !== undefined && installed !== loaded) {
    const order = compareVersions(installed, loaded) < 0 ? 'older' : 'newer'
    return { state: 'drift', detail: `user space ${order} than module` }
  }
  const waiting = config === undefined ? [] : pendingFindings(seen, config, fixOf(seen))
  const onlyPending = findings.every(({ message }) => waiting.some((finding) => finding.message === message))
  return { state: onlyPending ? 'pending' : 'problem', detail: firstOf(findings) }
}

/** The state without findings: nothing is wrong now, but what is off will be in the way sooner or later. */
function harmless(seen: ContainerSeen): RowState {
  const { ctid, node, running, noted, loaded, assigned } = seen
  const config = parseContainerConfig(seen.config ?? '')
  const template = config.current.settings.get('template') === '1'
  const restart = (verb: string): string => `on ${node}: pct ${verb} ${ctid}`
  const stale = staleUserspace(seen)
  if (stale !== undefined)
    return {
      state: 'old-user-space',
      detail: `${noted ?? ''}, module ${loaded ?? ''}`,
      finding: {
        message: `user-space driver ${noted ?? ''}, kernel module ${loaded ?? ''}`,
        cause: 'the driver of the node changed while the container was stopped',
        fix: template ? 'build the template again' : `start it (${restart('start')}), then: ${fixOf(seen)}`,
      },
    }
  if (template && !running) return { state: 'template', detail: '' }
  if (!running)
    return {
      state: 'stopped',
      detail: '',
      finding: {
        message: `container ${ctid} is stopped`,
        cause:
          config.current.settings.get('onboot') === '1'
            ? 'it starts with its node, so somebody stopped it, or its start failed'
            : 'it does not start with its node (onboot: 0)',
        fix: restart('start'),
      },
    }
  const waiting = assigned === undefined ? [] : pendingNames(config)
  if (waiting.length === 0) return { state: 'ok', detail: '' }
  return {
    state: 'pending',
    detail: waiting.join(', '),
    finding: {
      message: `changes wait for the next start of container ${ctid}: ${waiting.join(', ')}`,
      cause: 'Proxmox VE does not apply them to a running container',
      fix: restart('reboot'),
    },
  }
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
