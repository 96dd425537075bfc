/**
 * The lab's DHCP server for containers with `ip=dhcp`: gives /etc/lab/dhcp.json's address some time after the
 * start.
 */
import { spawn } from 'node:child_process'
import type { ConfigSection } from '../../../src/proxmox/container-config.ts'
import { properties } from '../../../src/proxmox/container-settings.ts'
import { textOf } from '../nvidia/system.ts'

interface Lease {
  /** With prefix length. */
  readonly address: string
  readonly gateway: string
  readonly seconds: number
}

/**
 * Does nothing for a container that stops or restarts before the delay is over: its network namespace no
 * longer exists.
 */
const give = `sleep "$1"; nsenter --target "$2" --net sh -c 'ip addr add "$1" dev "$0" && ip route add default via "$2"' "$3" "$4" "$5"`

/** @param pid the container's first process */
export function offerAddress(ctid: number, section: ConfigSection, pid: string): void {
  const net = properties(section.settings.get('net0') ?? '', 'name')
  const leases: Readonly<Record<string, Lease>> = JSON.parse(textOf('/etc/lab/dhcp.json') ?? '{}')
  const lease = leases[ctid]
  if (net.get('ip') !== 'dhcp' || lease === undefined) return
  const argv = [String(lease.seconds), pid, net.get('name') ?? 'eth0', lease.address, lease.gateway]
  // closes the lock of pct, descriptor 9
  spawn('/bin/sh', ['-c', `exec 9>&-; ${give}`, 'sh', ...argv], { detached: true, stdio: 'ignore' }).unref()
}
