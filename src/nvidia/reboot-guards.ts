/** Reasons not to reboot a Proxmox VE node now. */
import { knownOr } from '../base/unknown.ts'
import type { Host } from '../host/host.ts'
import { question } from '../host/question.ts'
import { datacenterFile, managedGuests, resourcesFile, shutdownPolicy } from './high-availability.ts'

export interface Obstacle {
  /** `controller`: gpuplay itself would go down with the node. */
  readonly kind: 'controller' | 'quorum' | 'ceph' | 'task' | 'ha' | 'kernel'
  readonly message: string
  readonly fix?: string
}

export async function readObstacles(host: Host, ha: 'refuse' | 'freeze'): Promise<readonly Obstacle[]> {
  const found = await Promise.all([
    controllerHere(host),
    quorum(host),
    ceph(host),
    runningTasks(host),
    highAvailability(host, ha),
  ])
  return found.flat()
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

/** Undefined if pvecm does not report it. */
export const clusterVotes = question({
  words: ['pvecm', 'status'],
  reads: ['unit:corosync*', 'unit:pve*', 'file:/etc/pve/corosync.conf'],
  parse: ({ code, stdout }) => (code === 0 ? parseVotes(stdout) : undefined),
})

async function quorum(host: Host): Promise<readonly Obstacle[]> {
  if ((await host.stat('/etc/pve/corosync.conf')) === undefined) return []
  const votes = await host.ask(clusterVotes)
  if (votes === undefined)
    return [
      {
        kind: 'quorum',
        message: 'pvecm status does not show the votes of the cluster',
        fix: 'pvecm status',
      },
    ]
  const left = votes.total - votes.own
  if (left >= votes.quorum) return []
  return [
    {
      kind: 'quorum',
      message: `without this node, the cluster has ${left} of the ${votes.quorum} votes that it needs`,
      fix: 'bring the other nodes back first',
    },
  ]
}

export interface Votes {
  readonly total: number
  readonly quorum: number
  /** Of this node. */
  readonly own: number
}

/**
 * Out of `pvecm status`: `Total votes: 3`, `Quorum: 2 ...`, and in the table of members `0x00000001 1
 * 192.0.2.11 (local)`.
 */
export function parseVotes(status: string): Votes | undefined {
  const total = /^Total votes:\s*(\d+)/m.exec(status)?.[1]
  const needed = /^Quorum:\s*(\d+)/m.exec(status)?.[1]
  if (total === undefined || needed === undefined) return undefined
  const own = /^0x[0-9a-f]+\s+(\d+)\s.*\(local\)/m.exec(status)?.[1]
  return { total: Number(total), quorum: Number(needed), own: Number(own ?? 1) }
}

/** The first line of Ceph's health. */
export const cephHealth = question({
  words: ['ceph', 'health'],
  reads: ['unit:ceph*'],
  parse: ({ stdout, stderr }) => (stdout.trim() || stderr.trim() || 'no answer').split('\n')[0] ?? '',
})

async function ceph(host: Host): Promise<readonly Obstacle[]> {
  // In this order: in a dry run, a package may install a missing program.
  if ((await host.stat('/etc/pve/ceph.conf')) === undefined) return []
  if ((await host.command('ceph')) === undefined) return []
  const said = await host.ask(cephHealth)
  if (said.startsWith('HEALTH_OK')) return []
  return [{ kind: 'ceph', message: `Ceph is not healthy: ${said}`, fix: 'ceph health detail' }]
}

/** Types of Proxmox tasks that a reboot would interrupt while they write a guest's data. */
const delicateTasks = [
  'vzdump',
  'qmigrate',
  'vzmigrate',
  'qmrestore',
  'vzrestore',
  'qmclone',
  'vzclone',
  'imgcopy',
  'move_volume',
  'qmmove',
  'aptupdate',
]

async function runningTasks(host: Host): Promise<readonly Obstacle[]> {
  const list = await host.maybe(host.text('/var/log/pve/tasks/active'))
  const tasks = parseActiveTasks(knownOr(list, undefined) ?? '')
  const delicate = tasks.filter(({ type }) => delicateTasks.includes(type))
  const processes = await Promise.all(delicate.map(({ pid }) => host.stat(`/proc/${pid}`)))
  return delicate.flatMap(({ type, id }, index) =>
    processes[index] === undefined
      ? []
      : [{ kind: 'task', message: `a task is running: ${type}${id === '' ? '' : ` of ${id}`}` }],
  )
}

export interface ActiveTask {
  readonly type: string
  /** Of the guest, or empty. */
  readonly id: string
  readonly pid: number
}

/**
 * Tasks without an end in Proxmox's list: `UPID:NODE:PID:PSTART:START:TYPE:ID:USER: SAVED [END] [STATUS]`,
 * hexadecimal numbers (`PVE::Tools::upid_decode`, `PVE::INotify` of pve-common).
 */
export function parseActiveTasks(text: string): readonly ActiveTask[] {
  return text.split('\n').flatMap((line) => {
    const [upid = '', ...rest] = line.trim().split(' ')
    const [tag, , pid = '', , , type = '', id = ''] = upid.split(':')
    return tag === 'UPID' && rest.length <= 1 ? [{ type, id, pid: Number.parseInt(pid, 16) }] : []
  })
}

async function highAvailability(host: Host, ha: 'refuse' | 'freeze'): Promise<readonly Obstacle[]> {
  const [resources, datacenter, containers, machines] = await Promise.all([
    host.text(resourcesFile),
    host.text(datacenterFile),
    host.list('/etc/pve/lxc'),
    host.list('/etc/pve/qemu-server'),
  ])
  const here = [...(containers ?? []), ...(machines ?? [])].map((name) => name.replace(/\.conf$/, ''))
  const managed = managedGuests(resources ?? '').filter((id) => here.includes(id))
  if (managed.length === 0) return []
  if (ha === 'refuse')
    return [
      {
        kind: 'ha',
        message: `HA manages guests of this node: ${managed.join(', ')}`,
        fix: 'move them away, or set nvidia_host_ha: freeze',
      },
    ]
  const policy = shutdownPolicy(datacenter ?? '')
  if (['conditional', 'freeze'].includes(policy)) return []
  return [
    {
      kind: 'ha',
      message: `HA would move the guests ${managed.join(', ')}: shutdown_policy is ${policy}`,
      fix: 'set shutdown_policy to conditional or freeze in Datacenter, Options, HA Settings',
    },
  ]
}
