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
        'The GPUs: an index of nvidia-smi ("0"), several ("0,1"), `all`, `none`, UUIDs or PCI addresses',
    },
    style: {
      enum: ['auto', 'devn', 'lxc'],
      default: 'auto',
      description: '`devn` where the node has it (Proxmox VE 8.1), else raw LXC lines; or one of the two',
    },
    uvm_tools: {
      type: 'boolean',
      default: true,
      description: 'Whether /dev/nvidia-uvm-tools goes along, which profilers need',
    },
    exclusive: {
      type: 'boolean',
      default: false,
      description: 'Whether a GPU that another container of the node has is refused',
    },
    wait: {
      type: 'integer',
      minimum: 0,
      default: 60,
      description: 'With `exclusive`: seconds in which the other container must have let go of the GPU',
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
      description: 'The GPUs that the assignment means',
      items: {
        type: 'object',
        required: ['index', 'pci', 'minor', 'uuid', 'model'],
        properties: {
          index: { type: 'integer' },
          pci: { type: 'string' },
          minor: { type: 'integer', description: 'The N of /dev/nvidiaN' },
          uuid: { type: ['string', 'null'] },
          model: { type: 'string' },
        },
      },
    },
    devices: {
      type: 'array',
      description: 'The device nodes that the container needs for them; none for `none`',
      items: {
        type: 'object',
        required: ['path', 'target', 'major', 'minor'],
        properties: {
          path: { type: 'string' },
          target: { type: 'string', description: 'The path in the container, without the leading slash' },
          major: { type: 'integer' },
          minor: { type: 'integer' },
        },
      },
    },
    owned: {
      type: 'array',
      items: { type: 'string' },
      description: 'Patterns of configuration lines that rest on the numbers of this boot',
    },
    record: { type: 'string', description: 'What the node remembers: a line `gpu ADDRESS MINOR UUID` each' },
  },
} as const

export type Args = FromSchema<typeof args>
