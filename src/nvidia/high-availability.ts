/** The configuration of Proxmox's HA manager, from its files below /etc/pve. */
import type { Host } from '../host/host.ts'
import { sections } from '../proxmox/section-file.ts'

export const resourcesFile = '/etc/pve/ha/resources.cfg'
export const datacenterFile = '/etc/pve/datacenter.cfg'
/** Until Proxmox VE 8. */
const groupsFile = '/etc/pve/ha/groups.cfg'
/** Since Proxmox VE 9. */
const rulesFile = '/etc/pve/ha/rules.cfg'

/** IDs of the guests that HA manages and does not ignore: sections `ct: 101`, `vm: 100`. */
export function managedGuests(resources: string): readonly string[] {
  return sections(resources).flatMap(({ type, name, values }) =>
    (type === 'ct' || type === 'vm') && /^\d+$/.test(name) && values.get('state') !== 'ignored' ? [name] : [],
  )
}

/** IDs of all guests that HA knows, also those that it ignores: `pct destroy` refuses them. */
export function knownGuests(resources: string): readonly string[] {
  return sections(resources).flatMap(({ type, name }) => (type === 'ct' || type === 'vm' ? [name] : []))
}

/**
 * HA's policy for the guests of a node that shuts down; `conditional`, the default, freezes them for a
 * reboot.
 */
export function shutdownPolicy(datacenter: string): string {
  return /^ha:.*\bshutdown_policy=(\w+)/m.exec(datacenter)?.[1] ?? 'conditional'
}

/** A rule or group that decides on which nodes HA runs a guest. */
export interface Affinity {
  /** `rule "gpu": only on pve1` */
  readonly says: string
  /** The nodes of a group or node rule; undefined for a rule about other guests. */
  readonly nodes: readonly string[] | undefined
  /** False if HA may also use other nodes. */
  readonly strict: boolean
}

/** By ID of the guest. */
export type Affinities = (id: string) => readonly Affinity[]

export async function readAffinities(host: Host): Promise<Affinities> {
  const [resources, groups, rules] = await Promise.all([
    host.text(resourcesFile),
    host.text(groupsFile),
    host.text(rulesFile),
  ])
  return affinitiesOf({ resources: resources ?? '', groups: groups ?? '', rules: rules ?? '' })
}

export interface HaFiles {
  readonly resources: string
  readonly groups: string
  readonly rules: string
}

/**
 * Groups name nodes and are named by a guest; rules name guests (`PVE::HA::Groups`, `PVE::HA::Rules` of
 * pve-ha-manager).
 */
export function affinitiesOf({ resources, groups, rules }: HaFiles): Affinities {
  const guests = sections(resources)
  const named = sections(groups)
  const active = sections(rules).filter(({ values }) => values.get('disable') !== '1')
  return (id) => {
    const group = guests.find(({ name }) => name === id)?.values.get('group')
    return [
      ...named
        .filter(({ name }) => name === group)
        .map(({ name, values }) => onNodes(`group "${name}"`, values, values.get('restricted') === '1')),
      ...active
        .filter(({ values }) =>
          listed(values.get('resources')).some((sid) => sid.replace(/^\w+:/, '') === id),
        )
        .map(({ type, name, values }) =>
          type === 'node-affinity'
            ? onNodes(`rule "${name}"`, values, values.get('strict') === '1')
            : withGuests(`rule "${name}"`, values, id),
        ),
    ]
  }
}

function onNodes(what: string, values: ReadonlyMap<string, string>, strict: boolean): Affinity {
  const nodes = listed(values.get('nodes')).map((node) => node.replace(/:\d+$/, ''))
  return { says: `${what}: ${strict ? 'only' : 'preferably'} on ${nodes.join(', ')}`, nodes, strict }
}

function withGuests(what: string, values: ReadonlyMap<string, string>, id: string): Affinity {
  const others = listed(values.get('resources')).filter((sid) => sid.replace(/^\w+:/, '') !== id)
  const where = values.get('affinity') === 'negative' ? 'never on the node of' : 'on the node of'
  return { says: `${what}: ${where} ${others.join(', ')}`, nodes: undefined, strict: false }
}

/** `split_list` of pve-common. */
function listed(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[,;\s]+/).filter(Boolean)
}
