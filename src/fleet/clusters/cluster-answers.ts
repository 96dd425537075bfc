/**
 * Parses the answers of Proxmox VE's API (https://pve.proxmox.com/pve-docs/api-viewer). They are not trusted: names
 * that no host can have are refused.
 */
import { HostError } from '../../base/errors.ts'
import type {
  ListedConfig,
  ListedContainer,
  ListedGpu,
  ListedNode,
} from '../../inventory/clusters/cluster-listing.ts'

type Fields = Readonly<Record<string, unknown>>

/** `/cluster/status`: the cluster, unless the node is in none, and its members. @throws HostError */
export function parseStatus(data: unknown): {
  readonly cluster: string | undefined
  readonly nodes: readonly ListedNode[]
} {
  const entries = maps(data, '/cluster/status')
  const nodes = entries
    .filter(({ type }) => type === 'node')
    .map((entry) => ({
      name: nodeName(entry['name'], '/cluster/status'),
      isOnline: isSet(entry['online']),
      isLocal: isSet(entry['local']),
      address: text(entry['ip']),
      gpus: undefined,
    }))
  if (nodes.length === 0) throw wrong('/cluster/status', 'it lists no node')
  return { cluster: text(entries.find(({ type }) => type === 'cluster')?.['name']), nodes: sorted(nodes) }
}

/** `/cluster/resources?type=vm`: the containers that the asker may see. @throws HostError */
export function parseResources(data: unknown): readonly ListedContainer[] {
  const containers = maps(data, '/cluster/resources')
    .filter(({ type }) => type === 'lxc')
    .map((entry) => {
      const ctid = number(entry['vmid'])
      if (ctid === undefined) throw wrong('/cluster/resources', 'a container has no number')
      const name = text(entry['name']) ?? ''
      return {
        ctid,
        // An offline node does not say the names of its containers.
        name: /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name) ? name : `CT${ctid}`,
        node: nodeName(entry['node'], '/cluster/resources'),
        status: text(entry['status']) ?? 'unknown',
        isTemplate: isSet(entry['template']),
        // Proxmox VE accepts all of these between tags (pve-tag-list).
        tags: (text(entry['tags']) ?? '').split(/[;,\s]+/).filter((tag) => tag !== ''),
        pool: text(entry['pool']),
        config: undefined,
      }
    })
  return containers.toSorted((left, right) => left.ctid - right.ctid)
}

/** `/nodes/NODE/lxc/CTID/config`. @throws HostError */
export function parseConfig(data: unknown): ListedConfig {
  if (!isMap(data)) throw wrong('the configuration of a container', 'it is no object')
  const lines = Array.isArray(data['lxc']) ? data['lxc'] : []
  const lxc = lines.flatMap((line: unknown): readonly (readonly [string, string])[] =>
    Array.isArray(line) && typeof line[0] === 'string' && typeof line[1] === 'string'
      ? [[line[0], line[1]]]
      : [],
  )
  // Notes may contain anything, also passwords.
  const settings = Object.entries(data).filter(
    (entry): entry is [string, string | number] =>
      (typeof entry[1] === 'string' || typeof entry[1] === 'number') &&
      entry[0] !== 'description' &&
      entry[0] !== 'digest',
  )
  return { settings: Object.fromEntries(settings), lxc }
}

/** `/nodes/NODE/hardware/pci`: the NVIDIA cards, without their audio and USB functions. @throws HostError */
export function parseGpus(data: unknown): readonly ListedGpu[] {
  return maps(data, '/nodes/NODE/hardware/pci')
    .filter((device) => device['vendor'] === '0x10de' && String(device['class']).startsWith('0x03'))
    .map((device) => ({ id: text(device['id']) ?? '', name: text(device['device_name']) ?? '' }))
}

/** @throws HostError for anything but JSON */
export function parseJson(path: string, body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (error) {
    throw wrong(path, error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : 'it is not JSON')
  }
}

/** The error of an answer that this is not. */
export function wrong(path: string, why: string): HostError {
  return new HostError({
    code: 'invalid-answer',
    message: `the answer to ${path} is not that of Proxmox VE: ${why}`,
    hint: 'check that the address is that of a Proxmox VE node, and of no proxy or login page in front of it',
  })
}

function isMap(data: unknown): data is Fields {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

function maps(data: unknown, path: string): readonly Fields[] {
  if (Array.isArray(data) && data.every(isMap)) return data
  throw wrong(path, 'it is no list of objects')
}

function sorted(nodes: readonly ListedNode[]): readonly ListedNode[] {
  return nodes.toSorted((left, right) => (left.name < right.name ? -1 : 1))
}

function nodeName(value: unknown, path: string): string {
  const name = text(value)
  if (name !== undefined && /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name)) return name
  throw wrong(path, `${JSON.stringify(value)} is no name of a node`)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Perl prints numbers as numbers or as texts. */
function number(value: unknown): number | undefined {
  const found = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
  return typeof found === 'number' && Number.isSafeInteger(found) ? found : undefined
}

function isSet(value: unknown): boolean {
  return value === 1 || value === '1' || value === true
}
