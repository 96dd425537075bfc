import type { FromSchema } from 'json-schema-to-ts'
import { createProperty, pathProperty, textFileProperties } from '../support/text-file.ts'
import { patternProperty as pattern } from '../support/text-lines.ts'

const line = { type: 'string', pattern: '^[^\\r\\n]*$' } as const

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: pathProperty,
    block: {
      type: 'string',
      default: '',
      description: 'The lines between the markers; empty: remove the block with its markers',
    },
    state: {
      enum: ['present', 'absent'],
      default: 'present',
      description: 'Whether the block must be there',
    },
    marker: {
      type: 'string',
      pattern: '^[^\\r\\n]*\\{mark\\}[^\\r\\n]*$',
      title: 'one line with {mark} in it',
      default: '# {mark} gpuplay managed block',
      description:
        'The line before and after the block, with `{mark}` for BEGIN and END. Several blocks in one file need different markers. ' +
        'To take over a block of Ansible: `# {mark} ANSIBLE MANAGED BLOCK`',
    },
    marker_begin: {
      ...line,
      default: 'BEGIN',
      description: 'Replaces `{mark}` in the line before the block',
    },
    marker_end: { ...line, default: 'END', description: 'Replaces `{mark}` in the line after the block' },
    insertafter: {
      ...pattern,
      description:
        'Insert a new block after the last line that matches this, or at `EOF` (also if no line matches). A block that is there stays in its place',
    },
    insertbefore: {
      ...pattern,
      description: 'Insert a new block before the last line that matches this, or at `BOF`',
    },
    create: createProperty,
    ...textFileProperties,
  },
} as const

export const args = { ...shape, not: { required: ['insertafter', 'insertbefore'] } } as const

export const result = { type: 'object', properties: {} } as const

export type Args = FromSchema<typeof shape>
