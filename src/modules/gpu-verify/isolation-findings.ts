/** The findings about GPUs that a container can reach, now or after its next start. Pure. */
import { defined } from '../../base/defined.ts'
import type { Finding } from '../../host/plan.ts'
import type { Gpu } from '../../nvidia/gpus.ts'
import { rulesForOtherGpus } from '../../nvidia/isolation.ts'
import {
  type ConfigEntry,
  type ContainerConfig,
  parseContainerConfig,
} from '../../proxmox/container-config.ts'
import { openedBy } from '../../proxmox/device-cgroup.ts'
import { deviceEntries, type DeviceEntry, devicesIn } from '../../proxmox/device-entries.ts'
import { afterNextStart } from '../../proxmox/pending-changes.ts'
import type { DeviceNode } from '../../nvidia/proc.ts'
import type { ContainerSeen } from './read-container.ts'

export function isolationFindings(
  { ctid, graphics, open, created }: ContainerSeen,
  config: string,
  gpus: readonly Gpu[],
  fix: string,
): readonly Finding[] {
  const parsed = parseContainerConfig(config)
  const minors = gpus.flatMap(({ minor }) => minor ?? [])
  const assigned = minors.map((minor) => `/dev/nvidia${minor}`)
  const others = graphics.others.map(({ path }) => path)
  const configured = deviceEntries(parsed).filter(
    ({ path }) => (/^\/dev\/nvidia\d+$/.test(path) && !assigned.includes(path)) || others.includes(path),
  )
  const restart = `${fix}, which restarts the container`
  const line = (entry: ConfigEntry): string => `${ctid}.conf: ${entry.key}: ${entry.value}`
  const rules = rulesForOtherGpus(parsed, { minors, others: graphics.others })
  const opener = (device: DeviceNode): ConfigEntry | undefined => openedBy(parsed.current.entries, device)
  return [
    ...open.map((path) => {
      const entry = configured.find((device) => device.path === path)?.entry
      const node = graphics.others.find((device) => device.path === path)
      // A mount of all of /dev/dri and a wide rule are not gpuplay's lines.
      const rule = entry === undefined && node !== undefined ? opener(node) : undefined
      const wide = rule !== undefined && !/^c \d+:\d+ /.test(rule.value) ? rule : undefined
      const because = entry ?? wide
      return {
        message: `${path} can be opened, but is not assigned`,
        ...defined({ line: because && line(because) }),
        fix: wide === undefined ? restart : limitRule,
      }
    }),
    ...configured
      .filter(({ path }) => !open.includes(path))
      .map(({ path, entry }) => ({
        message: `${path} is configured, but not assigned`,
        line: line(entry),
        fix: restart,
      })),
    ...created
      .filter((device) => opener(device) === undefined)
      .map(({ path }) => ({
        message: `the container can create the device node ${path} of another GPU and open it`,
        cause:
          'its device rules are wider than its configuration: it has not been restarted, or reads other files',
        fix: restart,
      })),
    ...rules.map((entry) => ({
      message: 'a device rule of this privileged container allows GPUs that are not assigned',
      line: line(entry),
      fix: /^c\s+(195:|226:\d)/.test(entry.value) ? restart : limitRule,
    })),
  ]
}

const limitRule =
  'limit the rule to the devices that the container needs, or remove it, then restart the container'

/** Pending changes that would give the container other GPUs at its next start, whoever causes it. */
export function pendingFindings(
  { ctid, graphics }: ContainerSeen,
  config: string,
  fix: string,
): readonly Finding[] {
  const parsed = parseContainerConfig(config)
  const drm = [...graphics.own, ...graphics.others].map(({ path }) => path)
  const now = nvidiaDevices(deviceEntries(parsed), drm)
  const then = nvidiaDevices(devicesIn(afterNextStart(parsed)), drm)
  const lost = now.filter((device) => !then.some(({ path }) => path === device.path))
  const gained = then.filter((device) => !now.some(({ path }) => path === device.path))
  return [
    ...lost.map(({ path, entry }) => ({
      message: `the next start of the container takes ${path} from it`,
      ...defined({ line: pendingLine(parsed, ctid, entry.key) }),
      fix,
    })),
    ...gained.map(({ path, entry }) => ({
      message: `the next start of the container gives it ${path}`,
      ...defined({ line: pendingLine(parsed, ctid, entry.key) }),
      fix,
    })),
  ]
}

function nvidiaDevices(devices: readonly DeviceEntry[], drm: readonly string[]): readonly DeviceEntry[] {
  return devices.filter(({ path }) => path.startsWith('/dev/nvidia') || drm.includes(path))
}

function pendingLine({ pending }: ContainerConfig, ctid: string, key: string): string | undefined {
  const entry =
    pending.entries.findLast((one) => one.key === key) ??
    pending.deletes.findLast(({ names }) => names.includes(key))?.entry
  return entry && `${ctid}.conf: [pve:pending] ${entry.key}: ${entry.value}`
}
