/** Hardware addresses of containers. */
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { properties } from '../../../src/proxmox/container-settings.ts'

/**
 * The value of a setting; a network interface without a hardware address gets one with Proxmox's prefix, the same at each
 * run (`parse_lxc_network` of pve-container, called for each `net`).
 */
export function withAddress(ctid: number, key: string, value: string): string {
  if (!/^net[0-9]+$/.test(key) || properties(value, 'name').has('hwaddr')) return value
  const digits = createHash('sha256').update(`${hostname()} ${ctid} ${key}`).digest('hex').toUpperCase()
  const address = `BC:24:11:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}`
  return value.replace(/^(name=[^,]*)?/, (first) =>
    first === '' ? `hwaddr=${address},` : `${first},hwaddr=${address}`,
  )
}
