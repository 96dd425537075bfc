/** What can be known of every host, each fact read when it is first asked for. Names are Ansible's where it has the same thing. */
import type { JSONSchema } from 'json-schema-to-ts'
import { HostError } from '../base/errors.ts'
import type { Host } from './host.ts'

export interface Fact {
  readonly name: string
  readonly description: string
  /** Of what `read` gives; conditions are checked against it. */
  readonly schema: JSONSchema
  /** undefined: the host has no such thing. @throws UnknownError, HostError, UnreachableError */
  read(host: Host): Promise<unknown>
}

const text = { type: 'string' } as const
const number = { type: 'integer' } as const

/** All facts there are, in the order in which they are shown. */
export const facts: readonly Fact[] = [
  {
    name: 'hostname',
    description: 'Name of the host up to the first dot.',
    schema: text,
    read: async (host) => (await line(host, '/proc/sys/kernel/hostname')).split('.')[0] ?? '',
  },
  {
    name: 'fqdn',
    description: 'Full name of the host; its short name where it has no domain.',
    schema: text,
    async read(host) {
      const { code, stdout } = await host.ask(['hostname', '--fqdn'])
      return code === 0 && stdout.trim() !== '' ? stdout.trim() : line(host, '/proc/sys/kernel/hostname')
    },
  },
  {
    name: 'kernel',
    description: 'Release of the running kernel (uname -r).',
    schema: text,
    read: async (host) => (await host.kernel()).release,
  },
  {
    name: 'boot_id',
    description: 'Changes with every boot and only then; in a container that of its node.',
    schema: text,
    read: async (host) => (await host.kernel()).bootId,
  },
  {
    name: 'architecture',
    description: 'The machine (uname -m), such as x86_64.',
    schema: text,
    read: async (host) => (await host.ask(['uname', '-m'])).stdout.trim(),
  },
  {
    name: 'os',
    description: 'The distribution, from os-release; family is debian for Debian and all that are like it.',
    schema: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'name', 'version', 'codename', 'family'],
      properties: { id: text, name: text, version: text, codename: text, family: text },
    },
    read: readOs,
  },
  {
    name: 'distribution',
    description: 'ID of os-release: debian, ubuntu, ...',
    schema: text,
    read: async (host) => (await readOs(host)).id,
  },
  {
    name: 'distribution_version',
    description: 'VERSION_ID of os-release: 12, 24.04, ...; empty where it has none.',
    schema: text,
    read: async (host) => (await readOs(host)).version,
  },
  {
    name: 'distribution_release',
    description: 'VERSION_CODENAME of os-release: bookworm, noble, ...; empty where it has none.',
    schema: text,
    read: async (host) => (await readOs(host)).codename,
  },
  {
    name: 'os_family',
    description: 'debian for Debian and all that are like it, else the ID of os-release.',
    schema: text,
    read: async (host) => (await readOs(host)).family,
  },
  {
    name: 'processors',
    description: 'Processors that the host may use.',
    schema: number,
    read: async (host) => Number((await host.ask(['nproc'])).stdout.trim()),
  },
  {
    name: 'memory_mb',
    description: 'Memory in MiB.',
    schema: number,
    async read(host) {
      const match = /^MemTotal:\s+([0-9]+) kB/m.exec((await host.text('/proc/meminfo')) ?? '')
      return match ? Math.floor(Number(match[1]) / 1024) : undefined
    },
  },
  {
    name: 'uptime',
    description: 'Seconds since the last boot.',
    schema: number,
    read: async (host) => Math.floor(Number((await line(host, '/proc/uptime')).split(' ')[0])),
  },
  {
    name: 'virtualization',
    description: 'What the host is a guest of: lxc, kvm, ...; none on bare metal.',
    schema: text,
    read: virtualization,
  },
  {
    name: 'is_container',
    description: 'Whether the host is a container.',
    schema: { type: 'boolean' },
    read: async (host) =>
      host.placement.ctid !== undefined ||
      ['lxc', 'lxc-libvirt', 'systemd-nspawn', 'docker', 'podman', 'container-other'].includes(
        await virtualization(host),
      ),
  },
  {
    name: 'pve_version',
    description: 'Version of Proxmox VE, such as 8.2.4; undefined where it is not installed.',
    schema: text,
    async read(host) {
      if ((await host.command('pveversion')) === undefined) return undefined
      return /pve-manager\/([0-9.]+)/.exec((await host.ask(['pveversion'])).stdout)?.[1]
    },
  },
]

async function line(host: Host, path: string): Promise<string> {
  return ((await host.text(path)) ?? '').trim()
}

async function virtualization(host: Host): Promise<string> {
  if (host.placement.ctid !== undefined) return 'lxc'
  const { stdout } = await host.ask(['systemd-detect-virt'])
  return stdout.trim() === '' ? 'none' : stdout.trim()
}

interface OperatingSystem {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly codename: string
  readonly family: string
}

async function readOs(host: Host): Promise<OperatingSystem> {
  const release = (await host.text('/etc/os-release')) ?? (await host.text('/usr/lib/os-release'))
  if (release === undefined) {
    throw new HostError({
      code: 'read-failed',
      message: `${host.name} has no /etc/os-release: its distribution cannot be told`,
    })
  }
  return parseOsRelease(release)
}

/** os-release(5): shell assignments, values bare or quoted. */
export function parseOsRelease(release: string): OperatingSystem {
  const fields = new Map<string, string>()
  for (const row of release.split('\n')) {
    const match = /^([A-Z_0-9]+)=(.*)$/.exec(row.trim())
    if (match) fields.set(match[1] ?? '', unquoted(match[2] ?? ''))
  }
  const id = fields.get('ID') ?? 'linux'
  const like = [id, ...(fields.get('ID_LIKE') ?? '').split(' ')]
  return {
    id,
    name: fields.get('PRETTY_NAME') ?? fields.get('NAME') ?? id,
    version: fields.get('VERSION_ID') ?? '',
    codename: fields.get('VERSION_CODENAME') ?? '',
    family: like.includes('debian') ? 'debian' : id,
  }
}

function unquoted(value: string): string {
  const match = /^(["'])(.*)\1$/.exec(value)
  return (match ? (match[2] ?? '') : value).replaceAll(/\\(["'\\$`])/g, '$1')
}
