/** The running guests of a node, which a reboot stops. */
import type { Host } from '../host/host.ts'
import { parseContainerConfig } from '../proxmox/container-config.ts'
import { lockOf } from '../proxmox/device-entries.ts'

export interface Guest {
  readonly kind: 'CT' | 'VM'
  readonly id: string
  readonly name: string
  /** The kind of Proxmox's lock (`backup`, `snapshot`, ...); undefined if it has none. */
  readonly lock: string | undefined
}

export async function readRunningGuests(host: Host): Promise<readonly Guest[]> {
  const [containers, machines] = await Promise.all([readContainers(host), readMachines(host)])
  return [...containers, ...machines]
}

async function readContainers(host: Host): Promise<readonly Guest[]> {
  const ctids = await idsIn(host, '/etc/pve/lxc')
  const found = await Promise.all(ctids.map((ctid) => host.container(ctid)))
  return ctids.flatMap((id, index) => {
    const container = found[index]
    if (container?.status !== 'running') return []
    const config = parseContainerConfig(container.config)
    const name = config.current.settings.get('hostname') ?? ''
    return [{ kind: 'CT', id, name, lock: lockOf(config) }]
  })
}

/**
 * A VM runs if its pid file names its process. QEMU leaves the file behind when it is killed, and the pid may
 * belong to another process by now (`PVE::QemuServer::Helpers::vm_running_locally`).
 */
async function readMachines(host: Host): Promise<readonly Guest[]> {
  const ids = await idsIn(host, '/etc/pve/qemu-server')
  const [running, configs] = await Promise.all([
    Promise.all(ids.map((id) => machineRuns(host, id))),
    Promise.all(ids.map((id) => host.text(`/etc/pve/qemu-server/${id}.conf`))),
  ])
  return ids.flatMap((id, index) => {
    if (running[index] !== true) return []
    // Sections of snapshots and pending changes follow the current configuration.
    const current = (configs[index] ?? '').split(/^\[/m, 1)[0] ?? ''
    const setting = (key: string): string | undefined =>
      new RegExp(`^${key}:\\s*(\\S+)`, 'm').exec(current)?.[1]
    return [{ kind: 'VM', id, name: setting('name') ?? '', lock: setting('lock') }]
  })
}

async function machineRuns(host: Host, id: string): Promise<boolean> {
  const pid = (await host.text(`/run/qemu-server/${id}.pid`))?.trim() ?? ''
  if (!/^[1-9]\d*$/.test(pid)) return false
  const words = ((await host.text(`/proc/${pid}/cmdline`)) ?? '').split('\0')
  const [program = ''] = words
  return /(?:^|\/)(?:kvm|qemu-[^/]+)$/.test(program) && words[words.indexOf('-id') + 1] === id
}

async function idsIn(host: Host, directory: string): Promise<readonly string[]> {
  return ((await host.list(directory)) ?? []).flatMap((name) => /^(\d+)\.conf$/.exec(name)?.[1] ?? [])
}
