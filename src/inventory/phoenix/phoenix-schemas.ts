/**
 * JSON Schemas of the keys that gpuplay uses, in the words of the files. Sources: phoenix_lxc_configs.schema.json
 * and the files themselves, github.com/SirHeads/Testing-ideas, commits 8350cab and 35c465b; what gpuplay or
 * Proxmox VE accepts beyond that is valid too.
 */

const octet = '(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
const address = `(?:${octet}\\.){3}${octet}`

const gateway = {
  type: 'string',
  pattern: `^${address}$`,
  description: 'it is the IPv4 address of the gateway, such as "192.0.2.1"',
} as const

const driverVersion = {
  type: 'string',
  pattern: '^[0-9]{3,4}\\.[0-9]{1,3}(\\.[0-9]{1,3})?$',
  description: 'a driver version has two or three numbers, such as "580.95.05"',
} as const

const runfileUrl = {
  type: 'string',
  pattern: '^https?://\\S+$',
  description: 'it is the http or https address of a .run file',
} as const

/** Of the whole file and of each container, which overrides it. */
const sharedSchemas = {
  nvidia_driver_version: driverVersion,
  nvidia_runfile_url: runfileUrl,
  nvidia_repo_url: {
    type: 'string',
    pattern: '^https?://\\S+/[a-z]+[0-9]+/x86_64/?$',
    description:
      'it ends with the distribution and the architecture, such as .../cuda/repos/ubuntu2404/x86_64/',
  },
} as const

export const containerSchemas = {
  ...sharedSchemas,
  name: {
    type: 'string',
    pattern: '^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$',
    description: 'the name of a container has letters, digits, dashes and dots',
  },
  template: {
    type: 'string',
    pattern: '^([A-Za-z][A-Za-z0-9_.-]*:\\S+|\\S+\\.tar(\\.(gz|xz|zst|bz2))?)$',
    description:
      'it is the path or the name of an archive, such as "debian-12-standard_12.7-1_amd64.tar.zst", or STORAGE:vztmpl/NAME',
  },
  clone_from_ctid: {
    type: ['string', 'integer'],
    minimum: 100,
    pattern: '^[1-9][0-9]{2,8}$',
    description: 'it is the number of another container in lxc_configs, such as "900"',
  },
  template_snapshot_name: {
    type: 'string',
    pattern: '^[A-Za-z][A-Za-z0-9_-]{1,39}$',
    description:
      'the name of a snapshot has 2 to 40 letters, digits, dashes and underscores, and begins with a letter',
  },
  memory_mb: { type: 'integer', minimum: 16, description: 'memory in MiB' },
  swap_mb: { type: 'integer', minimum: 0, description: 'swap space in MiB' },
  cores: { type: 'integer', minimum: 1, maximum: 8192, description: 'a number of processor cores' },
  storage_pool: {
    type: 'string',
    pattern: '^[A-Za-z][A-Za-z0-9_.-]*$',
    description: "it is the name of one of Proxmox's storages; `pvesm status` on the node lists them",
  },
  storage_size_gb: { type: 'integer', minimum: 1, description: 'the size of the root file system in GiB' },
  unprivileged: { type: 'boolean' },
  start_at_boot: { type: 'boolean' },
  apparmor_manages_nesting: { type: 'boolean' },
  pct_options: {
    type: 'array',
    items: { type: 'string' },
    description: 'a list of texts, such as ["nesting=1"]',
  },
  mac_address: {
    type: 'string',
    pattern: '^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$',
    description: 'a hardware address has six pairs of hexadecimal digits, such as "52:54:00:12:34:56"',
  },
  network_config: {
    type: 'object',
    required: ['name', 'bridge', 'ip'],
    if: { properties: { ip: { type: 'string', pattern: '/' } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { required: ['gw'], properties: { gw: { description: gateway.description } } },
    properties: {
      name: {
        type: 'string',
        pattern: '^[A-Za-z0-9_.-]{1,15}$',
        description: 'the name of the interface in the container, such as "eth0"',
      },
      bridge: {
        type: 'string',
        pattern: '^[A-Za-z0-9_.-]{1,15}$',
        description: 'the name of a bridge of the node, such as "vmbr0"',
      },
      ip: {
        type: 'string',
        pattern: `^(dhcp|manual|${address}/(3[0-2]|[12]?[0-9]))$`,
        description:
          'it is "dhcp", "manual", or an IPv4 address with its prefix length, such as "192.0.2.10/24"',
      },
      gw: gateway,
      nameservers: {
        type: ['string', 'array'],
        items: { type: 'string' },
        description: 'addresses of DNS servers, separated by spaces',
      },
    },
  },
  features: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    description: 'a list of texts, such as ["nvidia", "docker"]',
  },
} as const

/** Of `nvidia_driver`. */
export const driverSchemas = {
  install: { type: 'boolean' },
  version: driverVersion,
  runfile_url: runfileUrl,
  cuda_version: {
    type: 'string',
    pattern: '^[0-9]+\\.[0-9]+$',
    description: 'a version of CUDA has two numbers, such as "12.8"',
  },
} as const

/** Of `network.interfaces`. */
export const interfaceSchemas = {
  address: {
    type: 'string',
    pattern: `^${address}(/(3[0-2]|[12]?[0-9]))?$`,
    description: 'it is the IPv4 address of the node, such as "192.0.2.11/24"',
  },
} as const

/** Of `zfs.datasets[]`. */
export const datasetSchemas = {
  name: { type: 'string' },
  pool: { type: 'string' },
  proxmox_content_type: { type: 'string' },
} as const

/** Of both files as a whole, and of the maps in them whose keys these are. */
export const documentSchemas = {
  ...sharedSchemas,
  lxc_configs: { type: 'object', description: 'it is a map of containers, by their CTIDs' },
  nvidia_driver: {
    type: 'object',
    description: 'it is a map with install, version, runfile_url and cuda_version',
  },
  network: { type: 'object' },
  interfaces: { type: 'object', description: 'it is a map with the address of the node' },
  proxmox_storage_ids: { type: 'object' },
  zfs: { type: 'object' },
  datasets: { type: 'array', items: { type: 'object' } },
} as const

export type PhoenixSchemas = Readonly<Record<string, object>>

/** The schema of a map that has only this key, so that messages name the whole path of a wrong value. */
export function memberSchema(schemas: PhoenixSchemas, key: string): object | undefined {
  return members.get(schemas)?.get(key)
}

const members: ReadonlyMap<PhoenixSchemas, ReadonlyMap<string, object>> = new Map(
  [documentSchemas, containerSchemas, driverSchemas, interfaceSchemas, datasetSchemas].map(
    (schemas: PhoenixSchemas) => [
      schemas,
      new Map(
        Object.entries(schemas).map(([key, schema]) => [
          key,
          { type: 'object', properties: { [key]: schema } },
        ]),
      ),
    ],
  ),
)

/** All schemas that `memberSchema` returns, for the build. */
export const phoenixSchemas: readonly object[] = [...members.values()].flatMap((schemas) => [
  ...schemas.values(),
])
