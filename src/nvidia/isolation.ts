/** Which lines of a container's configuration let it reach GPUs that are not assigned to it. */
import { isUnknown } from '../base/unknown.ts'
import type { ConfigEntry, ContainerConfig } from '../proxmox/container-config.ts'
import { openedBy, parseDeviceRule } from '../proxmox/device-cgroup.ts'
import type { Host } from '../host/host.ts'
import type { Refusal } from '../host/plan.ts'
import { isUnprivileged } from '../proxmox/device-entries.ts'
import { readAssignmentNote } from './assignment-note.ts'
import { characterMajors, type DeviceNode, devicesFile, gpuNode } from './proc.ts'

/** Minors above belong to /dev/nvidia-modeset and /dev/nvidiactl. */
const gpuMinors = Array.from({ length: 254 }, (_, minor) => minor)

/**
 * The device rules that let a privileged container open other GPUs, present or future: its root creates
 * device nodes of any number. Without that right, in a user namespace, the rules open nothing.
 * @param minors those of its own GPUs
 * @param others nodes in /dev/dri that other GPUs have now
 * @param ignores lines that a run replaces anyway
 */
export function rulesForOtherGpus(
  config: ContainerConfig,
  { minors, others }: { readonly minors: readonly number[]; readonly others: readonly DeviceNode[] },
  ignores: (entry: ConfigEntry) => boolean = () => false,
): readonly ConfigEntry[] {
  if (isUnprivileged(config)) return []
  const cards = gpuMinors.filter((minor) => !minors.includes(minor)).map(gpuNode)
  const found: ConfigEntry[] = []
  let entries = config.current.entries.filter((entry) => !ignores(entry))
  for (const device of [...cards, ...others]) {
    for (;;) {
      const opener = openedBy(entries, device)
      if (opener === undefined) break
      found.push(opener)
      entries = entries.filter((entry) => entry !== opener)
    }
  }
  return found
}

/** For a container with rules of `rulesForOtherGpus`. */
export function openToAll(ctid: string, rules: readonly ConfigEntry[]): Refusal {
  return {
    code: 'container-open-to-all-devices',
    message: `container ${ctid} is privileged, and its device rules open GPUs that are not assigned to it`,
    hint: 'limit these lines to the devices that the container needs, or make the container unprivileged',
    findings: rules.map(({ key, value, line }) => ({
      message: `line ${line} of ${ctid}.conf allows all devices`,
      line: `${key}: ${value}`,
    })),
  }
}

/**
 * Majors that the kernel gives to drivers without one of their own, from the end of each range, in the order in
 * which they are loaded (`find_dynamic_major` in fs/char_dev.c): the next boot may give them to others.
 */
function isDynamic(major: number): boolean {
  return (major >= 234 && major <= 254) || (major >= 384 && major <= 511)
}

/** `rulesForUnusedMajors` of a container; empty if a dry run cannot know the majors. */
export async function readUnusedMajors(
  node: Host,
  ctid: string,
  config: ContainerConfig,
): Promise<readonly string[]> {
  const [devices, note] = await Promise.all([
    node.maybe(node.text(devicesFile)),
    readAssignmentNote(node, ctid),
  ])
  if (isUnknown(devices)) return []
  const { name } = node
  return rulesForUnusedMajors(config, { ctid, node: name, devices: devices ?? '', written: note.lines })
}

/**
 * Sentences about rules for a dynamic major that no driver of the node has: those of guides for another node or
 * another boot. In a privileged container, they open whatever device gets this major later.
 * @param devices the node's /proc/devices
 * @param written lines that gpuplay has written, which a run replaces
 */
export function rulesForUnusedMajors(
  { current }: ContainerConfig,
  { ctid, node, devices, written }: UnusedMajors,
): readonly string[] {
  const used = characterMajors(devices)
  return current.entries.flatMap(({ key, value, line }) => {
    const verdict = /^lxc\.cgroup2?\.devices\.allow$/.test(key)
    const major = verdict ? parseDeviceRule(value, true)?.major : undefined
    if (major === undefined || !isDynamic(major) || used.includes(major)) return []
    if (written.includes(`${key}: ${value}`)) return []
    return [
      `line ${line} of ${ctid}.conf (${key}: ${value}): no driver of ${node} has major ${major}, and after a reboot another device may get it; remove the line, then restart the container`,
    ]
  })
}

export interface UnusedMajors {
  readonly ctid: string
  /** Name of the node. */
  readonly node: string
  readonly devices: string
  readonly written: readonly string[]
}

/**
 * Sentences about lines that weaken a container's isolation from its node, beyond the device rules. GPUs need
 * none of them.
 */
export function weakenedIsolation({ current }: ContainerConfig): readonly string[] {
  return current.entries.flatMap(({ key, value }) => {
    const line = `${key}: ${value}`
    if (/^lxc\.(apparmor\.profile|aa_profile)$/.test(key) && value === 'unconfined')
      return [`AppArmor does not confine it (${line})`]
    if (key === 'lxc.cap.drop' && value === '') return [`it keeps all capabilities of root (${line.trim()})`]
    if (key === 'lxc.include') return [`it reads more settings from ${value}, which are not checked`]
    return []
  })
}
