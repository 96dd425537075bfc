/** Whether a container that has just started can download yet. */
import { HostError } from '../base/errors.ts'
import type { Host } from '../host/host.ts'
import { type Plan, settle } from '../host/plan.ts'
import { nameLookup } from '../host/questions/name-lookup.ts'
import { entriesOf, readSources } from './source-files.ts'

/** What a container lacks: an address, or name servers that answer. */
export type NetworkLack = 'address' | 'names'

/** Seconds. DHCP servers answer within a few seconds; a switch that learns a new port may take 30. */
const longest = 90

/** Each failing name may cost seconds. */
const mostNames = 2

/**
 * What a container still lacks to download from `url`; undefined if nothing, and for other hosts, whose address
 * gpuplay uses itself. systemd does not wait for the network: a container with DHCP counts as running before its
 * address arrives, and its name servers may answer even later.
 * @param proxy URL of the proxy, which then resolves all other names; empty: none
 */
export async function lackFor(url: string, proxy: string, host: Host): Promise<NetworkLack | undefined> {
  if (host.placement.ctid === undefined) return undefined
  if (await lacksAddress(host)) return 'address'
  return (await resolvesAny([proxy === '' ? url : proxy], host)) ? undefined : 'names'
}

/**
 * As `lackFor`, for apt. One of its servers is enough: another one may be out of use.
 * @param url only this repository; default: all that apt knows
 */
export async function lackForApt(
  host: Host,
  { proxy, url }: { readonly proxy: string; readonly url?: string },
): Promise<NetworkLack | undefined> {
  if (host.placement.ctid === undefined) return undefined
  const [offline, own] = await Promise.all([lacksAddress(host), proxy === '' && hasProxy(host)])
  if (offline) return 'address'
  if (own) return undefined
  const urls = proxy !== '' ? [proxy] : url === undefined ? await servers(host) : [url]
  return (await resolvesAny(urls, host)) ? undefined : 'names'
}

/** Waits until a container can download. */
export function waitForNetwork(lack: NetworkLack, ctid = ''): Plan {
  const who = ctid === '' ? 'the container' : `container ${ctid}`
  return lack === 'address'
    ? settle(
        `${who} has no network address yet`,
        longest,
        'check its network in the configuration (net0), and the DHCP server',
      )
    : settle(
        `${who} cannot resolve names yet`,
        longest,
        'check its name server (`nameserver` in its configuration, /etc/resolv.conf in it), or set gpuplay_proxy',
      )
}

/** Whether a container has no address yet, besides those of the loopback device and of the link itself. */
async function lacksAddress(host: Host): Promise<boolean> {
  const [four, six] = await Promise.all([host.text('/proc/net/route'), host.text('/proc/net/ipv6_route')])
  return four !== undefined && !hasRoute(four) && !hasRoute6(six ?? '')
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

/** The addresses of all repositories. */
async function servers(host: Host): Promise<readonly string[]> {
  const files = await readSources(host)
  return [...files].flatMap(([path, text]) => entriesOf(path, text).flatMap(({ uris }) => uris))
}

/** Whether apt has a proxy of its own, or a program that names one: `Proxy` in any form of apt.conf(5). */
async function hasProxy(host: Host): Promise<boolean> {
  const directory = '/etc/apt/apt.conf.d'
  const names = (await host.list(directory)) ?? []
  const paths = ['/etc/apt/apt.conf', ...names.map((name) => `${directory}/${name}`)]
  const texts = await Promise.all(paths.map((path) => host.text(path)))
  return texts.some((text) => ownProxy.test(text ?? ''))
}

const ownProxy = /^(?!\s*(?:\/\/|#)).*\bproxy(?:-?auto-?detect)?(?:::\S+)?\s*"[^"]+"/im

/** Whether one of these URLs has a name that is found, or none has a name that must be found. */
async function resolvesAny(urls: readonly string[], host: Host): Promise<boolean> {
  const all = urls.map(serverOf)
  const names = [...new Set(all)].filter((name) => name !== undefined)
  if (names.length === 0 || all.includes(undefined)) return true
  try {
    return await host.ask(nameLookup({ names: names.slice(0, mostNames) }))
  } catch (error) {
    // It may wait for a name server for longer than a question may take.
    if (error instanceof HostError) return false
    throw error
  }
}

/** Undefined for a URL without a name: an address, a file, a CD. */
function serverOf(url: string): string | undefined {
  const [, name = ''] = /^(?:tor\+)?https?:\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:]+)/i.exec(url) ?? []
  return /^(?:\[.*|[\d.]*)$/.test(name) ? undefined : name
}
