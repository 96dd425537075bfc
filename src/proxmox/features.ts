/** The setting `features` of a container, and the features that a running container really has. */
import type { Host } from '../host/host.ts'
import { type ContainerConfig, editContainerConfig, parseContainerConfig } from './container-config.ts'
import { properties } from './container-settings.ts'
import { afterNextStart } from './pending-changes.ts'
import { mountPoints } from './running-container.ts'
import { startedConfig } from './started-rules.ts'

/** `nesting`: containers inside the container; `keyctl`: the system call keyctl(2), unprivileged only. */
export type Feature = 'nesting' | 'keyctl'

export const allFeatures: readonly Feature[] = ['nesting', 'keyctl']

/** The features that the configuration turns on, after the next start. */
export function configuredFeatures(config: ContainerConfig): readonly Feature[] {
  const set = parts(config)
  return allFeatures.filter((name) => isOn(set.get(name)))
}

/**
 * Turns features on and keeps all others, also those that a pending change sets: the next start applies it
 * anyway. The same text if nothing changes.
 */
export function withFeatures(text: string, wanted: readonly Feature[]): string {
  const config = parseContainerConfig(text)
  const set = new Map(parts(config))
  const lacks = wanted.filter((name) => !isOn(set.get(name)))
  const pending = [
    ...config.pending.entries.map(({ key }) => key),
    ...(config.pending.deletes.at(-1)?.names ?? []),
  ]
  if (lacks.length === 0 && !pending.includes('features')) return text
  for (const name of lacks) set.set(name, '1')
  if (set.size === 0) return text
  const value = [...set].map(([name, state]) => `${name}=${state}`).join(',')
  return editContainerConfig(text, {
    remove: ({ key }) => key === 'features',
    add: [`features: ${value}`],
    removePending: ({ key }) => key === 'features',
    undelete: (name) => name === 'features',
  })
}

/**
 * The features that a running container has, whatever its configuration says now. Nesting: LXC mounts
 * `/dev/.lxc/proc` at the start (`lxc.apparmor.allow_nesting`). Keyctl: without it, the seccomp rules of an
 * unprivileged container refuse the system call (`make_seccomp_config` in PVE::LXC); Proxmox writes LXC's
 * configuration at the start.
 */
export async function runningFeatures(
  node: Host,
  ctid: string,
  pid: number | undefined,
): Promise<readonly Feature[]> {
  if (pid === undefined) return allFeatures
  const [mounts, config] = await Promise.all([
    node.text(`/proc/${pid}/mountinfo`),
    node.text(startedConfig(ctid)),
  ])
  const profile = seccompProfile(config ?? '')
  const rules = profile === undefined ? undefined : await node.text(profile)
  const found: Feature[] = []
  if (mountPoints(mounts ?? '').includes('/dev/.lxc/proc')) found.push('nesting')
  if (!/^keyctl errno/m.test(rules ?? '')) found.push('keyctl')
  return found
}

/** The last line applies. Only files in LXC's own directories are read. */
function seccompProfile(config: string): string | undefined {
  const lines = [...config.matchAll(/^lxc\.seccomp\.profile\s*=\s*(\S+)\s*$/gm)]
  const path = lines.at(-1)?.[1] ?? ''
  return /^\/(var\/lib|usr\/share)\/lxc\/[\w-]+(\/[\w-]+)*\.seccomp$/.test(path) ? path : undefined
}

function parts(config: ContainerConfig): ReadonlyMap<string, string> {
  const value = afterNextStart(config).find(({ key }) => key === 'features')?.value
  return properties(value ?? '', 'features')
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(1|on|yes|true)$/i.test(value)
}
