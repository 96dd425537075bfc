import type { FromSchema } from 'json-schema-to-ts'
import { unitProperty } from '../support/unit-property.ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: unitProperty,
    content: { type: 'string', pattern: '\\S', description: 'Text of the unit file or the drop-in' },
    drop_in: {
      type: 'string',
      pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*$',
      description:
        'Name of a drop-in, without `.conf`: `content` extends or overrides the unit, such as one of a package',
    },
    state: {
      enum: ['present', 'absent'],
      default: 'present',
      description: '`absent`: remove the file; a unit is stopped and disabled first',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 3600,
      default: 120,
      description: 'Time limit for stopping the unit in seconds',
    },
  },
} as const

export const args = {
  ...shape,
  if: { required: ['state'], properties: { state: { const: 'absent' } } },
  else: { required: ['content'] },
} as const

export const result = {
  type: 'object',
  required: ['name', 'path'],
  properties: {
    name: { type: 'string', description: 'The unit' },
    path: { type: 'string', description: 'The file' },
  },
} as const

export type Args = FromSchema<typeof shape>
