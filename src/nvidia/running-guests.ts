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
    return [{ kind: 'VM', id, name: /^name:\s*(\S+)/m.exec(configs[index] ?? '')?.[1] ?? '' }]
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
