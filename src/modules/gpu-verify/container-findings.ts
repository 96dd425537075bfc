/** The findings for a container. Pure. */
import type { Finding } from '../../host/plan.ts'
import type { Gpu } from '../../nvidia/gpus.ts'
import type { SmiResult, VisibleGpu } from '../../nvidia/smi.ts'
import { userspaceVersion } from '../../nvidia/userspace.ts'
import { compareVersions } from '../../base/version.ts'
import { missingContainer } from '../../proxmox/find-guest.ts'
import type { Args } from './args.ts'
import { computeFindings } from './compute-findings.ts'
import { graphicsFindings } from './graphics-findings.ts'
import type { ContainerSeen } from './read-container.ts'
import { isolationFindings, pendingFindings } from './isolation-findings.ts'
import { runtimeFindings } from './runtime-findings.ts'
import { visibility } from './visibility.ts'

export function containerFindings(given: Args, seen: ContainerSeen): readonly Finding[] {
  const { config, node, ctid, assigned, running } = seen
  if (config === undefined) {
    const { message, hint } = missingContainer(node, ctid, seen.elsewhere)
    return [{ message, fix: hint }]
  }
  const runtime = runtimeFindings(given, seen, fixOf(seen))
  if (assigned === undefined) return running ? [...toolkitFindings(given, seen), ...runtime] : []
  if (assigned.kind === 'problem') return [{ message: assigned.message, fix: assigned.hint }]
  const { gpus } = assigned
  const isolation = [
    ...(given.isolation ? isolationFindings(seen, config, gpus, fixOf(seen)) : []),
    ...pendingFindings(seen, config, fixOf(seen)),
  ]
  if (!running) return isolation
  const version = gpus.length === 0 ? undefined : versionFinding(seen)
  return [
    ...(version ? [version] : []),
    ...deviceFindings(seen),
    ...graphicsFindings(seen, fixOf(seen)),
    ...(gpus.length === 0 ? [] : visibleFindings(given, seen, gpus, version !== undefined)),
    ...isolation,
    ...toolkitFindings(given, seen),
    ...runtime,
  ]
}

/**
 * Set if a stopped container has GPUs, but another version of the user-space driver than the loaded modules:
 * they will not work when it starts. Nothing is wrong yet, so this is no finding.
 */
export function staleUserspace({ running, noted, loaded, assigned }: ContainerSeen): string | undefined {
  if (running || noted === undefined || loaded === undefined || noted === loaded) return undefined
  if (assigned?.kind === 'gpus' && assigned.gpus.length === 0) return undefined
  return `user space ${noted}, module ${loaded}: run containers.yml`
}

/** The command that brings the container to its declared state. */
export function fixOf({ name }: Pick<ContainerSeen, 'name'>): string {
  return `gpuplay run containers.yml -i INVENTORY -l ${name}`
}

function versionFinding(seen: ContainerSeen): Finding | undefined {
  const { loaded, userspace, smi } = seen
  if (loaded === undefined)
    return {
      message: `${seen.node} has no NVIDIA driver loaded`,
      fix: `gpuplay run nodes.yml -i INVENTORY -l ${seen.node}`,
    }
  const installed = userspace && userspaceVersion(userspace)
  if (installed === loaded) return undefined
  const status = smi?.kind === 'failed' ? ` (nvidia-smi exit ${smi.code})` : ''
  if (installed === undefined)
    return { message: `no user-space driver is installed${status}`, fix: fixOf(seen) }
  const older = compareVersions(installed, loaded) < 0
  return {
    message: `user-space driver ${installed}, kernel module ${loaded}${status}`,
    cause: older
      ? 'the node was upgraded, but this container was not'
      : 'the user-space driver is newer than the driver loaded on the node',
    fix: fixOf(seen),
  }
}

function deviceFindings(seen: ContainerSeen): readonly Finding[] {
  const { ctid, node, wrongDevices, closed } = seen
  return [
    ...wrongDevices.map((message) => ({
      message,
      cause:
        'the container runs with other devices than configured, or the node has changed since it started',
      fix: fixOf(seen),
    })),
    ...closed.map((path) => ({
      message: `${path} cannot be opened: the device rules of the container do not allow it`,
      cause: 'its configuration has no rule for this device, or has got one since the container started',
      fix: `${fixOf(seen)}; if that changes nothing, restart the container: pct reboot ${ctid} (on ${node})`,
    })),
  ]
}

/** With a version mismatch or a closed device nothing works, so that is reported alone. */
function visibleFindings(
  { user }: Args,
  seen: ContainerSeen,
  gpus: readonly Gpu[],
  wrongVersion: boolean,
): readonly Finding[] {
  if (wrongVersion || seen.closed.length > 0) return []
  const { smi, smiAsUser, computing, computingAsUser } = seen
  const fix = fixOf(seen)
  const forUser = ` for the user ${user}`
  // What fails for root fails for others too, so the first that fails is reported alone.
  const checks = [
    () => smiFindings(seen, gpus, smi, ''),
    () => computeFindings({ computing, gpus, visible: visibleOf(smi), who: '', fix }),
    () => smiFindings(seen, gpus, smiAsUser, forUser),
    () =>
      computeFindings({ computing: computingAsUser, gpus, visible: visibleOf(smiAsUser), who: forUser, fix }),
  ]
  for (const check of checks) {
    const findings = check()
    if (findings.length > 0) return findings
  }
  return []
}

function visibleOf(smi: SmiResult | undefined): readonly VisibleGpu[] {
  return smi?.kind === 'gpus' ? smi.gpus : []
}

function smiFindings(
  seen: ContainerSeen,
  gpus: readonly Gpu[],
  smi: SmiResult | undefined,
  who: string,
): readonly Finding[] {
  const fix = fixOf(seen)
  const closed =
    who === '' ? {} : { cause: 'other users may not open the device nodes: see lxc_passthrough_mode' }
  if (smi === undefined) return []
  if (smi.kind === 'failed')
    return [{ message: `nvidia-smi exits with status ${smi.code}${who}: ${smi.meaning}`, ...closed, fix }]
  const { missing, extra } = visibility(gpus, smi.gpus)
  return [
    ...missing.map(({ pci, uuid }) => ({
      message: `${uuid ?? 'the GPU'} (${pci}) is assigned, but not visible${who}`,
      ...closed,
      fix,
    })),
    ...extra.map(({ pci, uuid }) => ({
      message: `${uuid} (${pci}) is visible${who}, but not assigned`,
      fix: `${fix}, which restarts the container`,
    })),
  ]
}

function toolkitFindings({ cuda }: Args, seen: ContainerSeen): readonly Finding[] {
  if (cuda === '') return []
  const fix = fixOf(seen)
  const { missingPackages, compiler, nvcc } = seen
  if (missingPackages.length > 0)
    return [
      {
        message: `CUDA ${cuda} is required, but not installed: ${missingPackages.join(', ')} is missing`,
        fix,
      },
    ]
  if (!compiler || nvcc === cuda) return []
  const message =
    nvcc === undefined
      ? `CUDA ${cuda} is required, but its nvcc does not run`
      : `CUDA ${cuda} is required, but nvcc is ${nvcc}`
  return [{ message, fix }]
}
