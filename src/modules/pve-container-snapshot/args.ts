import type { FromSchema } from 'json-schema-to-ts'
import { ctid, lockTimeout } from '../support/container-args.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    ctid,
    hostname: {
      type: 'string',
      description:
        'The name of the container. A container with this CTID and another name is never changed. Required to delete a snapshot or to roll back',
    },
    name: {
      type: 'string',
      pattern: '^[A-Za-z][A-Za-z0-9_-]{1,39}$',
      not: { enum: ['current', 'vzdump'] },
      description: 'Name of the snapshot',
    },
    state: {
      enum: ['present', 'absent', 'rollback'],
      default: 'present',
      description:
        '`present`: take the snapshot unless there is one of this name; `absent`: delete it; `rollback`: set the container back to it, once for each `request`. A container that runs is shut down before a rollback and started afterwards',
    },
    description: {
      type: 'string',
      default: '',
      description: 'Text that Proxmox shows with the snapshot; used when it is taken',
    },
    renew: {
      type: 'boolean',
      default: false,
      description:
        'With `present`: if the snapshot has another `description`, delete it and take it again, so that the description can say what is in it',
    },
    request: {
      type: 'string',
      pattern: '^[A-Za-z0-9_.:+-]*$',
      default: '',
      description:
        'Identifies one rollback, such as a date. A request that was carried out is never repeated, so running a playbook again loses nothing; to roll back to the same snapshot again, write another text',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      default: 120,
      description: 'Seconds to wait for a clean shutdown before a rollback',
    },
    force: {
      type: 'boolean',
      default: false,
      description: 'Kill a container that does not shut down in that time, instead of failing',
    },
    copy_timeout: {
      type: 'integer',
      minimum: 1,
      default: 3600,
      description:
        'Seconds for taking or deleting the snapshot, for the rollback, and to wait for such a task of Proxmox that runs already',
    },
    lock_timeout: lockTimeout,
  },
} as const

export const result = {
  type: 'object',
  required: ['ctid', 'snapshots'],
  properties: {
    ctid: { type: 'string' },
    snapshots: {
      type: 'array',
      items: { type: 'string' },
      description: 'Names of its complete snapshots, oldest first',
    },
  },
} as const

type Schema = FromSchema<typeof args>

/** The arguments with their defaults filled in. */
export type Args = Required<Omit<Schema, 'hostname'>> & Pick<Schema, 'hostname'>
