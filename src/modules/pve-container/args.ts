import type { FromSchema } from 'json-schema-to-ts'
import { ctid, lockTimeout } from '../support/container-args.ts'

const whenCreated = 'Only used when the container is created'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ctid,
    state: {
      enum: ['present', 'started', 'stopped', 'template', 'absent'],
      default: 'present',
      description:
        '`present`: it exists, running or not; `started`, `stopped`: it also runs or not; `template`: it is a template (a running container is shut down first, and there is no way back); `absent`: it is destroyed with all its volumes and snapshots',
    },
    hostname: {
      type: 'string',
      pattern: '^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$',
      description:
        'Its name. A container with this CTID and another name is never changed. Required to create or destroy a container',
    },
    ostemplate: {
      type: 'string',
      pattern: '^[A-Za-z][A-Za-z0-9_.-]*:\\S+$',
      description:
        'Create it from this archive, such as `local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst`',
    },
    clone: {
      type: ['string', 'integer'],
      description: 'Create it as a clone of the container or template with this CTID, on the same node',
    },
    snapshot: {
      type: 'string',
      description: 'Clone this snapshot instead of the current state, which allows a source that runs',
    },
    full: {
      type: 'boolean',
      description:
        'Copy all volumes. If false, a clone shares unchanged blocks with its source. Default: false for a template whose storage can do that, true for everything else',
    },
    without: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Regular expressions for lines `key: value` of its source that a clone does not get; those of a device with its path first: `dev0: /dev/nvidia0,mode=0666`. They are removed before its first start',
    },
    storage: {
      type: 'string',
      pattern: '^[A-Za-z][A-Za-z0-9_.-]*$',
      description: `The storage of its volumes. Default: the only one that can have volumes of containers; for a clone, that of its source. ${whenCreated}`,
    },
    disk: {
      type: 'integer',
      minimum: 1,
      description:
        'Size of its root file system in GiB. A smaller one is enlarged; a larger one is kept, because Proxmox cannot make it smaller. Default: 8; for a clone, that of its source',
    },
    unprivileged: {
      type: 'boolean',
      description: `Root in the container is another user on the node. Default: true, not for a clone. A container cannot be changed to the other kind`,
    },
    cores: { type: 'integer', minimum: 1, maximum: 8192, description: 'Number of processor cores' },
    memory: { type: 'integer', minimum: 16, description: 'Memory in MiB' },
    swap: { type: 'integer', minimum: 0, description: 'Swap space in MiB' },
    onboot: { type: 'boolean', description: 'Start it when the node boots' },
    features: {
      type: 'array',
      items: { enum: ['fuse', 'keyctl', 'mknod', 'nesting'] },
      default: [],
      description: 'Features to turn on; others are kept. A running container has them after its next start',
    },
    net: {
      type: 'object',
      propertyNames: { pattern: '^net(?:[0-9]|[12][0-9]|3[01])$' },
      additionalProperties: { type: 'string', minLength: 1 },
      default: {},
      description:
        'Network interfaces by name (`net0`), in the form of Proxmox: `name=eth0,bridge=vmbr0,ip=dhcp`. Properties that are not given, such as the hardware address, keep their values',
    },
    nameserver: { type: 'string', description: 'Addresses of DNS servers, separated by spaces' },
    searchdomain: { type: 'string', description: 'DNS domain in which names are searched' },
    only_create: {
      type: 'boolean',
      default: false,
      description:
        'Leave a container that exists as it is: only its name is compared. Settings and `state` are for a new container, also if an interrupted run has created it',
    },
    description: {
      type: 'string',
      pattern: '^[^\\n]*$',
      default: '',
      description:
        'With `template`: text that says what is in it. It is kept on the node when the container is converted, and returned',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      default: 120,
      description: 'Seconds to wait for a clean shutdown',
    },
    force: {
      type: 'boolean',
      default: false,
      description:
        'Kill it if it does not shut down in that time, instead of failing; allow `absent` for a container that runs',
    },
    purge: {
      type: 'boolean',
      default: false,
      description: 'With `absent`: also remove it from backup jobs, replication jobs and HA',
    },
    copy_timeout: {
      type: 'integer',
      minimum: 1,
      default: 3600,
      description:
        'Seconds for creating, cloning, converting or destroying it, and to wait for such a task of Proxmox that runs already',
    },
    lock_timeout: lockTimeout,
  },
} as const

export const result = {
  type: 'object',
  required: ['ctid', 'exists', 'running', 'template', 'snapshots', 'descriptions', 'description', 'pending'],
  properties: {
    ctid: { type: 'string' },
    exists: { type: 'boolean' },
    running: { type: 'boolean' },
    template: { type: 'boolean' },
    snapshots: {
      type: 'array',
      items: { type: 'string' },
      description: 'Names of its complete snapshots, oldest first',
    },
    descriptions: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'The descriptions of these snapshots, by their names',
    },
    description: {
      type: 'string',
      description: 'Of a template: the `description` with which a task converted it; otherwise empty',
    },
    pending: {
      type: 'array',
      items: { type: 'string' },
      description: 'Names of settings that its next start changes',
    },
  },
} as const

type Schema = FromSchema<typeof args>
type Optional =
  | 'hostname'
  | 'ostemplate'
  | 'clone'
  | 'snapshot'
  | 'full'
  | 'storage'
  | 'disk'
  | 'unprivileged'
  | 'cores'
  | 'memory'
  | 'swap'
  | 'onboot'
  | 'nameserver'
  | 'searchdomain'

/** The arguments with their defaults filled in. */
export type Args = Required<Omit<Schema, Optional>> & Pick<Schema, Optional>
