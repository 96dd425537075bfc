/**
 * What programs read about a node or a container: `gpuplay status --output json`, and `data` in the rows of
 * `run.finished`. Names and values keep their meaning; later versions may add members and states.
 */
import type { FromSchema } from 'json-schema-to-ts'

const text = ['string', 'null'] as const

export const statusSchema = {
  type: 'object',
  additionalProperties: false,
  required: [
    'host',
    'node',
    'ctid',
    'state',
    'detail',
    'wanted',
    'loaded',
    'userspace',
    'cuda',
    'assigned',
    'visible',
    'gpus_of_vms',
    'gpus_excluded',
  ],
  properties: {
    host: {
      type: text,
      description: 'Name in the inventory; null for a container that the inventory does not have',
    },
    node: { type: text, description: 'Its node; null for a node' },
    ctid: { type: text, description: 'ID of the container; null for a node' },
    state: {
      enum: [
        'ok',
        'no-module',
        'reboot-pending',
        'key-pending',
        'held-back',
        'drift',
        'old-user-space',
        'pending',
        'unmanaged',
        'stopped',
        'template',
        'unreachable',
        'problem',
      ],
      description: '`ok` and `template` are in order; everything else is off',
    },
    detail: { type: 'string', description: 'The words that follow the state in the table' },
    wanted: { type: text, description: 'On a node: the driver version that the inventory requires' },
    loaded: { type: text, description: 'Driver version that is loaded on the node' },
    userspace: {
      type: text,
      description:
        'Version of the user-space driver; of a stopped container, the one that was noted on its node',
    },
    cuda: { type: text, description: 'In a running container: release of the required CUDA toolkit' },
    assigned: {
      type: ['array', 'null'],
      items: { type: 'string' },
      description:
        'UUIDs (PCI addresses while no driver is loaded) of the GPUs: on a node all that are for containers, of a container the assigned ones; device names if it is unmanaged; null if the inventory assigns none',
    },
    visible: {
      type: 'array',
      items: { type: 'string' },
      description: 'UUIDs of the GPUs that nvidia-smi shows there',
    },
    gpus_of_vms: { type: 'integer', description: 'On a node: number of GPUs that belong to VMs' },
    gpus_excluded: { type: 'integer', description: 'On a node: number of GPUs in nvidia_host_exclude_gpus' },
  },
} as const

const finding = {
  type: 'object',
  additionalProperties: false,
  required: ['message'],
  properties: {
    message: { type: 'string' },
    cause: { type: 'string' },
    line: { type: 'string' },
    fix: { type: 'string' },
  },
} as const

/** The output of `gpuplay status --output json`; generated into schemas/status.json. */
export const statusOutputSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Output of gpuplay status --output json',
  type: 'object',
  required: ['v', 'hosts'],
  properties: {
    v: { const: 1, description: 'Version of this format' },
    hosts: {
      type: 'array',
      description: 'The rows of the table: each node, then its containers in the order of their IDs',
      items: {
        ...statusSchema,
        required: [...statusSchema.required, 'findings'],
        properties: {
          ...statusSchema.properties,
          findings: {
            type: 'array',
            items: finding,
            description:
              'What is off, with its cause, the line of a file, and the fix, as far as they are known; empty if nothing is',
          },
        },
      },
    },
  },
} as const

export type GpuStatus = FromSchema<typeof statusSchema>

/** Returns the status in `data` of a row; undefined for a row of another table. */
export function gpuStatusOf({ data }: { readonly data?: unknown }): GpuStatus | undefined {
  return isGpuStatus(data) ? data : undefined
}

/** `rowOf` made the data of its rows, so the values are as the schema says. */
function isGpuStatus(data: unknown): data is GpuStatus {
  if (typeof data !== 'object' || data === null) return false
  return statusSchema.required.every((name) => Object.hasOwn(data, name))
}
