/** The facts of a host. Each is read when it is first used. Names are Ansible's if it has the same fact. */
import type { JSONSchema } from 'json-schema-to-ts'
import { HostError } from '../base/errors.ts'
import { distributionName, distributionNames, familyName, familyNames } from './distributions.ts'
import type { Host } from './host.ts'
import { count } from './queries/query.ts'
import { type OperatingSystem, readOsRelease } from './questions/os-release.ts'
import { pveVersion } from './questions/proxmox.ts'
import { fullHostName, machineType, processors, virtualization } from './questions/system.ts'

export interface Fact {
  readonly name: string
  readonly description: string
  /** An example value. */
  readonly example: unknown
  /** The schema of the value that `read` returns; conditions are checked against it. */
  readonly schema: JSONSchema
  /** Returns undefined if the host has no such thing. @throws UnknownError, HostError, UnreachableError */
  read(host: Host): Promise<unknown>
}

const text = { type: 'string' } as const
/** As in os-release: never with capitals. */
const lowerCase = { type: 'string', pattern: '^[^A-Z]*$' } as const
/** As in Ansible: always with a capital. */
const named = (examples: readonly string[]) => ({ type: 'string', pattern: '[A-Z]', examples }) as const
const number = { type: 'integer' } as const

/** All facts, in the order in which they are shown. */
export const facts: readonly Fact[] = [
  {
    name: 'hostname',
    description: 'Host name up to the first dot.',
    example: 'pve1',
    schema: text,
    read: async (host) => (await line(host, '/proc/sys/kernel/hostname')).split('.')[0] ?? '',
  },
  {
    name: 'fqdn',
    description: 'Fully qualified host name; the short name if the host has no domain.',
    example: 'pve1.example.com',
    schema: text,
    async read(host) {
      return (await host.ask(fullHostName)) ?? line(host, '/proc/sys/kernel/hostname')
    },
  },
  {
    name: 'kernel',
    description: 'Release of the running kernel (uname -r).',
    example: '6.8.12-4-pve',
    schema: text,
    read: async (host) => (await host.kernel()).release,
  },
  {
    name: 'boot_id',
    description: 'ID of the current boot, new at every boot; a container has the boot ID of its node.',
    example: '7f0c5f1a-5f0e-4a53-8f0b-3c1f2f6f2f7d',
    schema: text,
    read: async (host) => (await host.kernel()).bootId,
  },
  {
    name: 'architecture',
    description: 'Machine architecture (uname -m), such as x86_64.',
    example: 'x86_64',
    schema: text,
    read: (host) => host.ask(machineType),
  },
  {
    name: 'os',
    description:
      'The distribution, from os-release; id and family are in lower case, and family is debian for Debian and its derivatives.',
    example: {
      id: 'debian',
      name: 'Debian GNU/Linux 12 (bookworm)',
      version: '12',
      codename: 'bookworm',
      family: 'debian',
    },
    schema: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'name', 'version', 'codename', 'family'],
      properties: { id: lowerCase, name: text, version: text, codename: text, family: lowerCase },
    },
    async read(host) {
      const { like: _, ...os } = await readOs(host)
      return os
    },
  },
  {
    name: 'distribution',
    description: 'Distribution name as in Ansible: Debian, Ubuntu, RedHat, ...',
    example: 'Debian',
    schema: named(distributionNames),
    read: async (host) => distributionName((await readOs(host)).id),
  },
  {
    name: 'distribution_version',
    description: 'VERSION_ID of os-release: 12, 24.04, ...; empty if it has none.',
    example: '12',
    schema: text,
    read: async (host) => (await readOs(host)).version,
  },
  {
    name: 'distribution_release',
    description: 'VERSION_CODENAME of os-release: bookworm, noble, ...; empty if it has none.',
    example: 'bookworm',
    schema: text,
    read: async (host) => (await readOs(host)).codename,
  },
  {
    name: 'os_family',
    description:
      'Distribution family as in Ansible: Debian for Debian and its derivatives, RedHat, Suse, ...',
    example: 'Debian',
    schema: named(familyNames),
    async read(host) {
      const { id, like } = await readOs(host)
      return familyName(id, like)
    },
  },
  {
    name: 'processors',
    description: 'Number of processors available to the host.',
    example: 32,
    schema: number,
    read: (host) => host.ask(processors),
  },
  {
    name: 'memory_mb',
    description: 'Memory in MiB.',
    example: 257685,
    schema: number,
    async read(host) {
      const match = /^MemTotal:\s+([0-9]+) kB/m.exec((await host.text('/proc/meminfo')) ?? '')
      return match ? Math.floor(wholeNumber(host, '/proc/meminfo', match[1]) / 1024) : undefined
    },
  },
  {
    name: 'uptime',
    description: 'Seconds since the last boot.',
    example: 86400,
    schema: number,
    read: async (host) => wholeNumber(host, '/proc/uptime', (await line(host, '/proc/uptime')).split('.')[0]),
  },
  {
    name: 'virtualization',
    description: 'Virtualization type: lxc, kvm, ...; none on bare metal.',
    example: 'none',
    schema: text,
    read: guestOf,
  },
  {
    name: 'is_container',
    description: 'Whether the host is a container.',
    example: false,
    schema: { type: 'boolean' },
    read: async (host) =>
      host.placement.ctid !== undefined ||
      ['lxc', 'lxc-libvirt', 'systemd-nspawn', 'docker', 'podman', 'container-other'].includes(
        await guestOf(host),
      ),
  },
  {
    name: 'pve_version',
    description: 'Version of Proxmox VE, such as 8.2.4; undefined if it is not installed.',
    example: '8.2.4',
    schema: text,
    async read(host) {
      if ((await host.command('pveversion')) === undefined) return undefined
      return host.ask(pveVersion)
    },
  },
  {
    name: 'nvidia_driver',
    description:
      "Version of the NVIDIA driver that is loaded, in a container its node's; undefined if none is.",
    example: '580.95.05',
    schema: text,
    read: async (host) => (await host.kernelModule('nvidia')).version,
  },
]

async function line(host: Host, path: string): Promise<string> {
  return ((await host.text(path)) ?? '').trim()
}

async function guestOf(host: Host): Promise<string> {
  return host.placement.ctid === undefined ? host.ask(virtualization) : 'lxc'
}

async function readOs(host: Host): Promise<OperatingSystem> {
  const system = await readOsRelease(host)
  if (system === undefined) {
    throw new HostError({
      code: 'read-failed',
      message: `${host.name} has no /etc/os-release: its distribution is unknown`,
    })
  }
  return system
}

/** @throws HostError for what is no whole number. */
function wholeNumber(host: Host, source: string, text: string | undefined): number {
  const number = count(text)
  if (number !== undefined) return number
  throw new HostError({
    code: 'senseless-answer',
    message: `${host.name}: ${source} contains ${JSON.stringify((text ?? '').slice(0, 60))} instead of a number`,
  })
}
