import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  properties: {
    version: { type: 'string', default: '', description: 'On a node: the expected driver version' },
    containers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['ctid'],
        properties: { name: { type: 'string' }, ctid: { type: ['string', 'integer'] } },
      },
      default: [],
      description: 'On a node: its containers that the inventory has',
    },
    kernels: {
      enum: ['all', 'running'],
      default: 'all',
      description:
        'On a node: kernels that must have the driver. `all`: the running one, newer ones and pinned ones; `running`: only that one',
    },
    assignment: {
      type: ['string', 'integer', 'array'],
      items: { type: ['string', 'integer'] },
      default: '',
      description: 'In a container: its assigned GPUs; if not set, GPUs are not checked',
    },
    graphics: {
      type: 'boolean',
      default: false,
      description:
        'In a container: whether it must also have /dev/nvidia-modeset and the nodes of its GPUs in /dev/dri',
    },
    cuda: { type: 'string', default: '', description: 'In a container: the expected CUDA toolkit' },
    user: {
      type: 'string',
      default: '',
      description: 'User of the container for whom the GPUs must work too; empty: only root',
    },
    cuda_packages: {
      type: 'array',
      items: { type: 'string' },
      default: ['cuda-toolkit'],
      description: 'In a container: the packages of the toolkit, names without version',
    },
    compute: {
      type: 'boolean',
      default: true,
      description:
        'Compute on each GPU through libcuda: create a context, copy data to the GPU and back, and compare it',
    },
    runtime: {
      enum: ['', 'docker'],
      default: '',
      description: 'In a container: the container runtime that must be able to use the GPUs',
    },
    runtime_image: {
      type: 'string',
      default: '',
      pattern: '^([A-Za-z0-9][A-Za-z0-9._/:@-]*)?$',
      description:
        'In a container: an image of the container runtime in which nvidia-smi must show the GPUs; it is not downloaded',
    },
    isolation: {
      type: 'boolean',
      default: true,
      description: 'Fail if the container can access other GPUs of the node',
    },
    fail: {
      type: 'boolean',
      default: true,
      description: 'Fail if there are findings; otherwise only the rows of the final table have them',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['loaded', 'installed', 'gpus'],
  properties: {
    loaded: { type: ['string', 'null'], description: 'Version of the driver that is loaded on the node' },
    installed: { type: ['string', 'null'], description: 'Version of the user-space driver' },
    gpus: { type: 'array', items: { type: 'string' }, description: 'UUIDs of the visible GPUs' },
  },
} as const

type Schema = FromSchema<typeof args>
/** The arguments with their defaults filled in. */
export type Args = Required<Schema>
