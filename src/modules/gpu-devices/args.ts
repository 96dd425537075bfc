import { ostypes } from '../support/container-args.ts'
import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['assignment'],
  properties: {
    assignment: {
      type: ['string', 'integer', 'array'],
      items: { type: ['string', 'integer'] },
      description:
        'GPUs to assign: an index in PCI order ("0"), several ("0,1"), `all`, `none`, UUIDs or PCI addresses',
    },
    style: {
      enum: ['auto', 'devn', 'lxc'],
      default: 'auto',
      description: '`auto`: `devn` if the node supports it (Proxmox VE 8.1), otherwise raw LXC lines',
    },
    uvm_tools: {
      type: 'boolean',
      default: true,
      description: 'Also pass /dev/nvidia-uvm-tools, which profilers need',
    },
    graphics: {
      type: 'boolean',
      default: false,
      description: 'Also pass /dev/nvidia-modeset and the nodes of these GPUs in /dev/dri',
    },
    exclusive: {
      type: 'boolean',
      default: false,
      description: 'Fail if another container of the node has one of the GPUs',
    },
    others: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'ctid', 'assignment', 'exclusive'],
        properties: {
          name: { type: 'string' },
          ctid: { type: ['string', 'integer'] },
          assignment: {
            type: ['string', 'integer', 'array'],
            items: { type: ['string', 'integer'] },
            description: 'Empty: the container keeps its GPUs',
          },
          exclusive: { type: 'boolean', description: 'Whether it shares its GPUs with no container' },
        },
      },
      default: [],
      description: 'The other containers of the node in the run, with their assignments',
    },
    moved: {
      enum: ['refuse', 'follow'],
      default: 'refuse',
      description:
        'If an index means another GPU than when the container was configured. `refuse`: fail; `follow`: assign that other GPU',
    },
    ostypes,
    wait: {
      type: 'integer',
      minimum: 0,
      default: 60,
      description: 'With `exclusive`: seconds to wait for the other container to release the GPU',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['style', 'gpus', 'devices', 'owned', 'record'],
  properties: {
    style: { type: 'string', description: '`devn` or `lxc`' },
    gpus: {
      type: 'array',
      description: 'The assigned GPUs',
      items: {
        type: 'object',
        required: ['index', 'pci', 'minor', 'uuid', 'model'],
        properties: {
          index: { type: 'integer' },
          pci: { type: 'string' },
          minor: { type: 'integer', description: 'N in /dev/nvidiaN' },
          uuid: { type: ['string', 'null'] },
          model: { type: 'string' },
        },
      },
    },
    devices: {
      type: 'array',
      description: 'Device nodes that the container needs for these GPUs; empty for `none`',
      items: {
        type: 'object',
        required: ['path', 'target', 'major', 'minor'],
        properties: {
          path: { type: 'string' },
          target: { type: 'string', description: 'Path in the container, without the leading slash' },
          major: { type: 'integer' },
          minor: { type: 'integer' },
        },
      },
    },
    owned: {
      type: 'array',
      items: { type: 'string' },
      description: 'Patterns of configuration lines that depend on the device numbers of this boot',
    },
    record: {
      type: 'string',
      description:
        'Record for the node: lines `gpu ADDRESS MINOR UUID` for each GPU, `index N ADDRESS` for each index and `drm ADDRESS NAME` for each node in /dev/dri',
    },
  },
} as const

export type Args = FromSchema<typeof args>
