/** Which lines of a container's configuration let it reach GPUs that are not assigned to it. Pure. */
import type { ConfigEntry, ContainerConfig } from '../proxmox/container-config.ts'
import { openedBy } from '../proxmox/device-cgroup.ts'
import { isUnprivileged } from '../proxmox/device-entries.ts'
import { type DeviceNode, gpuNode } from './proc.ts'

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
