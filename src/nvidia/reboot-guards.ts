/** Reasons not to reboot a Proxmox VE node now. */
import type { Host } from '../host/host.ts'
import { readRunningTasks } from '../proxmox/active-tasks.ts'
import { readCephProblems } from '../proxmox/ceph.ts'
import { readStanding } from '../proxmox/quorum.ts'
import {
  datacenterFile,
  managedGuests,
  readAffinities,
  resourcesFile,
  shutdownPolicy,
} from './high-availability.ts'

export interface Obstacle {
  /** `controller`: gpuplay itself would go down with the node. */
  readonly kind: 'controller' | 'quorum' | 'ceph' | 'task' | 'ha' | 'kernel'
  readonly message: string
  readonly fix?: string
  /** The allowance that overrides it. */
  readonly allowedBy?: 'quorum' | 'ceph'
}

/** What the user permits despite an obstacle. */
export interface Allowances {
  readonly ha: 'refuse' | 'freeze'
  readonly quorum: 'refuse' | 'allow'
  readonly ceph: 'refuse' | 'allow'
}

export interface Obstacles {
  readonly obstacles: readonly Obstacle[]
  /** Sentences about obstacles that the user has overridden, with the name of the variable. */
  readonly overridden: readonly string[]
}

export async function readObstacles(host: Host, allowed: Allowances): Promise<Obstacles> {
  const [controller, cluster, storage, tasks, ha] = await Promise.all([
    controllerHere(host),
    quorum(host),
    ceph(host),
    readRunningTasks(host),
    highAvailability(host, allowed.ha),
  ])
  const found = [
    ...controller,
    ...cluster,
    ...storage,
    ...tasks.map((message): Obstacle => ({ kind: 'task', message })),
    ...ha,
  ]
  const overridden = found.filter(
    ({ allowedBy }) => allowedBy !== undefined && allowed[allowedBy] === 'allow',
  )
  const fencing = overridden.some(({ kind }) => kind === 'quorum') ? await fences(host) : []
  return {
    obstacles: [...found.filter((obstacle) => !overridden.includes(obstacle)), ...fencing],
    overridden: overridden.map(
      ({ kind, message }) => `nvidia_host_${kind}: allow overrides this: ${message}`,
    ),
  }
}

/**
 * gpuplay runs on the node or in a container of it (one kernel, one boot id), or in a VM of it (its UUID is
 * in the VM's configuration).
 */
async function controllerHere(host: Host): Promise<readonly Obstacle[]> {
  const [ours, uuid, kernel, names] = await Promise.all([
    host.controller.text('/proc/sys/kernel/random/boot_id'),
    host.controller.text('/sys/class/dmi/id/product_uuid').catch(() => undefined),
    host.kernel(),
    host.list('/etc/pve/qemu-server'),
  ])
  if (ours?.trim() === kernel.bootId)
    return [{ kind: 'controller', message: 'gpuplay runs on this node or in one of its containers' }]
  const own = uuid?.trim().toLowerCase()
  if (own === undefined || own === '') return []
  const machines = (names ?? []).filter((name) => /^\d+\.conf$/.test(name))
  const configs = await Promise.all(machines.map((name) => host.text(`/etc/pve/qemu-server/${name}`)))
  const index = configs.findIndex((config) =>
    new RegExp(`^smbios1:.*\\buuid=${own}\\b`, 'im').test(config ?? ''),
  )
  if (index < 0) return []
  return [
    {
      kind: 'controller',
      message: `gpuplay runs in VM ${machines[index]?.slice(0, -5) ?? ''} of this node`,
    },
  ]
}

async function quorum(host: Host): Promise<readonly Obstacle[]> {
  const standing = await readStanding(host)
  switch (standing.kind) {
    case 'safe':
      return []
    case 'unmounted':
      return [
        {
          kind: 'quorum',
          message: 'the node is in a cluster, but its /etc/pve is not mounted',
          fix: 'systemctl status pve-cluster',
        },
      ]
    case 'unreadable':
      return [
        {
          kind: 'quorum',
          message: 'pvecm status does not show the votes of the cluster',
          fix: 'pvecm status',
        },
      ]
    case 'short':
      return [
        {
          kind: 'quorum',
          message: `without this node, the cluster has ${standing.left} of the ${standing.quorum} votes that it needs`,
          fix: 'bring the other nodes back first, or set nvidia_host_quorum: allow; the other nodes cannot start guests until this one is back',
          allowedBy: 'quorum',
        },
      ]
  }
}

/** A node with active HA guests resets itself a minute after it has lost the quorum (pve-ha-lrm, watchdog-mux). */
async function fences(host: Host): Promise<readonly Obstacle[]> {
  const managed = managedGuests((await host.text(resourcesFile)) ?? '')
  if (managed.length === 0) return []
  return [
    {
      kind: 'ha',
      message: `HA resets the other nodes if the cluster loses its quorum: it manages ${managed.join(', ')}`,
      fix: 'let HA ignore these guests first: ha-manager set SID --state ignored',
    },
  ]
}

async function ceph(host: Host): Promise<readonly Obstacle[]> {
  const problems = (await readCephProblems(host)) ?? []
  if (problems.length === 0) return []
  return [
    {
      kind: 'ceph',
      message: `Ceph is not healthy: ${problems.join('; ')}`,
      fix: 'ceph health detail; or set nvidia_host_ceph: allow',
      allowedBy: 'ceph',
    },
  ]
}

async function highAvailability(host: Host, ha: 'refuse' | 'freeze'): Promise<readonly Obstacle[]> {
  const [resources, datacenter, containers, machines, affinities] = await Promise.all([
    host.text(resourcesFile),
    host.text(datacenterFile),
    host.list('/etc/pve/lxc'),
    host.list('/etc/pve/qemu-server'),
    readAffinities(host),
  ])
  const here = [...(containers ?? []), ...(machines ?? [])].map((name) => name.replace(/\.conf$/, ''))
  const managed = managedGuests(resources ?? '').filter((id) => here.includes(id))
  if (managed.length === 0) return []
  const guests = managed
    .map((id) => [id, ...affinities(id).map(({ says }) => `(${says})`)].join(' '))
    .join(', ')
  if (ha === 'refuse')
    return [
      {
        kind: 'ha',
        message: `HA manages guests of this node: ${guests}`,
        fix: 'move them away, or set nvidia_host_ha: freeze',
      },
    ]
  const policy = shutdownPolicy(datacenter ?? '')
  if (['conditional', 'freeze'].includes(policy)) return []
  return [
    {
      kind: 'ha',
      message: `HA would move the guests ${guests}: shutdown_policy is ${policy}`,
      fix: 'set shutdown_policy to conditional or freeze in Datacenter, Options, HA Settings',
    },
  ]
}
