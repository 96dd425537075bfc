/** The findings for a container. Pure. */
import type { Finding } from '../../host/plan.ts'
import type { Gpu } from '../../nvidia/gpus.ts'
import type { SmiResult, VisibleGpu } from '../../nvidia/smi.ts'
import { userspaceVersion } from '../../nvidia/userspace.ts'
import { compareVersions } from '../../base/version.ts'
import { type ConfigEntry, parseContainerConfig } from '../../proxmox/container-config.ts'
import { deviceEntries, isUnprivileged, wideDeviceRules } from '../../proxmox/device-entries.ts'
import { missingContainer } from '../../proxmox/find-guest.ts'
import type { Args } from './args.ts'
import { computeFindings } from './compute-findings.ts'
import type { ContainerSeen } from './container.ts'

export function containerFindings(given: Args, seen: ContainerSeen): readonly Finding[] {
  const { config, node, ctid, assigned, running } = seen
  if (config === undefined) {
    const { message, hint } = missingContainer(node, ctid, seen.elsewhere)
    return [{ message, fix: hint }]
  }
  if (assigned === undefined) return running ? toolkitFindings(given, seen) : []
  if (assigned.kind === 'problem') return [{ message: assigned.message, fix: assigned.hint }]
  const { gpus } = assigned
  const isolation = given.isolation ? isolationFindings(seen, config, gpus) : []
  if (!running) return isolation
  const version = gpus.length === 0 ? undefined : versionFinding(seen)
  return [
    ...(version ? [version] : []),
    ...deviceFindings(seen),
    ...(gpus.length === 0 ? [] : visibleFindings(given, seen, gpus, version !== undefined)),
    ...isolation,
    ...toolkitFindings(given, seen),
  ]
}

/** `+`: visible, but not assigned; `-`: assigned, but not visible. */
export function visibility(
  gpus: readonly Gpu[],
  visible: readonly VisibleGpu[],
): { readonly missing: readonly Gpu[]; readonly extra: readonly VisibleGpu[] } {
  const same = (gpu: Gpu, shown: VisibleGpu): boolean =>
    gpu.uuid === undefined ? gpu.pci === shown.pci : gpu.uuid === shown.uuid
  return {
    missing: gpus.filter((gpu) => !visible.some((shown) => same(gpu, shown))),
    extra: visible.filter((shown) => !gpus.some((gpu) => same(gpu, shown))),
  }
}

function fixOf({ name }: ContainerSeen): string {
  return `gpuplay run playbooks/containers.yml -i INVENTORY -l ${name}`
}

function versionFinding(seen: ContainerSeen): Finding | undefined {
  const { loaded, userspace, smi } = seen
  if (loaded === undefined)
    return {
      message: `${seen.node} has no NVIDIA driver loaded`,
      fix: `gpuplay run playbooks/nodes.yml -i INVENTORY -l ${seen.node}`,
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
  return seen.wrongDevices.map((message) => ({
    message,
    cause: 'the container runs with other devices than configured, or the node has changed since it started',
    fix: fixOf(seen),
  }))
}

/** With a version mismatch nothing works, so it is reported alone. */
function visibleFindings(
  { user }: Args,
  seen: ContainerSeen,
  gpus: readonly Gpu[],
  wrongVersion: boolean,
): readonly Finding[] {
  if (wrongVersion) return []
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

function isolationFindings(seen: ContainerSeen, config: string, gpus: readonly Gpu[]): readonly Finding[] {
  const { ctid, open } = seen
  const parsed = parseContainerConfig(config)
  const entries = deviceEntries(parsed)
  const assigned = gpus.map(({ minor }) => `/dev/nvidia${minor ?? ''}`)
  const configured = entries.filter(({ path }) => /^\/dev\/nvidia\d+$/.test(path) && !assigned.includes(path))
  const rules = isUnprivileged(parsed)
    ? []
    : [...wideDeviceRules(parsed), ...gpuRules(parsed.current.entries, gpus)]
  const fix = 'run lxc_passthrough, then restart the container'
  const line = (entry: ConfigEntry): string => `${ctid}.conf: ${entry.key}: ${entry.value}`
  return [
    ...open.map((path) => {
      const entry = configured.find((device) => device.path === path)?.entry
      return {
        message: `${path} can be opened, but is not assigned`,
        ...(entry === undefined ? {} : { line: line(entry) }),
        fix,
      }
    }),
    ...configured
      .filter(({ path }) => !open.includes(path))
      .map(({ path, entry }) => ({
        message: `${path} is configured, but not assigned`,
        line: line(entry),
        fix,
      })),
    ...rules.map((entry) => ({
      message: 'a device rule of this privileged container allows GPUs that are not assigned',
      line: line(entry),
      fix,
    })),
  ]
}

/** Rules `c 195:N` for GPUs that are not assigned; 254 and 255 are modeset and control. */
function gpuRules(entries: readonly ConfigEntry[], gpus: readonly Gpu[]): readonly ConfigEntry[] {
  const minors = gpus.map(({ minor }) => minor)
  return entries.filter(({ key, value }) => {
    if (!/^lxc\.cgroup2?\.devices\.allow$/.test(key)) return false
    const minor = /^c\s+195:(\*|\d+)\s/.exec(value)?.[1]
    if (minor === undefined) return false
    return minor === '*' || (Number(minor) < 254 && !minors.includes(Number(minor)))
  })
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
