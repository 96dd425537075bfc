/** Whether a container that has just started can download yet. */
import type { Host } from '../host/host.ts'
import { type Plan, settle } from '../host/plan.ts'

/** Seconds. DHCP servers answer within a few seconds; a switch that learns a new port may take 30. */
const longest = 90

/**
 * Whether a container has no network address yet, besides those of the loopback device and of the link
 * itself. systemd does not wait for one: a container with DHCP counts as running before its address arrives.
 * False for other hosts, whose address gpuplay uses itself.
 */
export async function lacksAddress(host: Host): Promise<boolean> {
  if (host.placement.ctid === undefined) return false
  const [four, six] = await Promise.all([host.text('/proc/net/route'), host.text('/proc/net/ipv6_route')])
  return four !== undefined && !hasRoute(four) && !hasRoute6(six ?? '')
}

/** Waits for the address of a container. */
export function waitForAddress(ctid = ''): Plan {
  const who = ctid === '' ? 'the container' : `container ${ctid}`
  return settle(
    `${who} has no network address yet`,
    longest,
    'check its network in the configuration (net0), and the DHCP server',
  )
}

/** proc(5): a heading, then a line for each route; those of the loopback device are not in this table. */
function hasRoute(table: string): boolean {
  return table.split('\n').filter((line) => line.trim() !== '').length > 1
}

/** Each line begins with the destination in hex and ends with the device (net/ipv6/route.c). */
function hasRoute6(table: string): boolean {
  return table.split('\n').some((line) => {
    const words = line.trim().split(/\s+/)
    return words.length >= 10 && words.at(-1) !== 'lo' && !/^(fe80|ff)/.test(words[0] ?? '')
  })
}
