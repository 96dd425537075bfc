import type { FromSchema } from 'json-schema-to-ts'
import { createProperty, pathProperty, textFileProperties } from '../support/text-file.ts'

const shape = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: pathProperty,
    section: {
      type: 'string',
      pattern: '^[^\\[\\]\\r\\n]+$',
      description: 'The section, without brackets; default: the lines before the first section',
    },
    option: {
      type: 'string',
      pattern: '^[^\\s=#;\\[]([^=\\r\\n]*[^\\s=])?$',
      description: 'The option; without it, the section itself is present or absent',
    },
    value: {
      type: ['string', 'number', 'boolean'],
      pattern: '^[^\\r\\n]*$',
      description: 'Its value',
    },
    state: {
      enum: ['present', 'absent'],
      default: 'present',
      description: '`absent`: remove the option, or without `option` the section',
    },
    exclusive: {
      type: 'boolean',
      default: true,
      description:
        'The option has only this value: other lines with it are removed. `false`: add the value beside others; with `absent`, remove only this value',
    },
    no_extra_spaces: { type: 'boolean', default: false, description: 'Write `option=value`' },
    allow_no_value: { type: 'boolean', default: false, description: 'Allow an option without a value' },
    create: { ...createProperty, default: true },
    ...textFileProperties,
  },
} as const

export const args = {
  ...shape,
  anyOf: [{ required: ['section'] }, { required: ['option'] }],
  dependentRequired: { value: ['option'] },
} as const

export const result = { type: 'object', properties: {} } as const

export type Args = FromSchema<typeof shape>
