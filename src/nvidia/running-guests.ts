/** The running guests of a node, which a reboot stops. */
import type { Host } from '../host/host.ts'
import { parseContainerConfig } from '../proxmox/container-config.ts'

export interface Guest {
  readonly kind: 'CT' | 'VM'
  readonly id: string
  readonly name: string
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
    const name = parseContainerConfig(container.config).current.settings.get('hostname') ?? ''
    return [{ kind: 'CT', id, name }]
  })
}

/** Proxmox keeps the pid file of a VM while it runs (`PVE::QemuServer::Helpers::pidfile_name`). */
async function readMachines(host: Host): Promise<readonly Guest[]> {
  const ids = await idsIn(host, '/etc/pve/qemu-server')
  const [pids, configs] = await Promise.all([
    Promise.all(ids.map((id) => host.stat(`/run/qemu-server/${id}.pid`))),
    Promise.all(ids.map((id) => host.text(`/etc/pve/qemu-server/${id}.conf`))),
  ])
  return ids.flatMap((id, index) => {
    if (pids[index] === undefined) return []
    return [{ kind: 'VM', id, name: /^name:\s*(\S+)/m.exec(configs[index] ?? '')?.[1] ?? '' }]
  })
}

async function idsIn(host: Host, directory: string): Promise<readonly string[]> {
  return ((await host.list(directory)) ?? []).flatMap((name) => /^(\d+)\.conf$/.exec(name)?.[1] ?? [])
}
