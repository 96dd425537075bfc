/** A JSON Schema of `meta/arguments.yml`, for editors: a JSON Schema of an object, with `checks`. */

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const number = { type: 'number' } as const
const count = { type: 'integer', minimum: 0 } as const
const names = { type: 'array', items: text } as const
const anySchema = { $ref: '#/$defs/schema' } as const
const schemas = { type: 'array', items: anySchema, minItems: 1 } as const
const namedSchemas = { type: 'object', additionalProperties: anySchema } as const
const typeName = { enum: ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null'] } as const

/** The keywords of draft 2020-12 that gpuplay accepts: it refuses all others. */
const keywords = {
  title: { ...text, description: 'What the value is, for error messages: "an absolute path"' },
  description: { ...text, description: 'What the variable means: the hint of a wrong value' },
  default: { description: 'The value if nothing sets the variable; it cannot be a template' },
  examples: { type: 'array' },
  deprecated: flag,
  $comment: text,
  $ref: text,
  $defs: namedSchemas,
  type: { anyOf: [typeName, { type: 'array', items: typeName }] },
  enum: { type: 'array', minItems: 1 },
  const: {},
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: { type: 'number', exclusiveMinimum: 0 },
  minLength: count,
  maxLength: count,
  pattern: { ...text, description: 'A regular expression' },
  format: text,
  items: anySchema,
  prefixItems: schemas,
  contains: anySchema,
  minContains: count,
  maxContains: count,
  minItems: count,
  maxItems: count,
  uniqueItems: flag,
  properties: namedSchemas,
  patternProperties: namedSchemas,
  additionalProperties: anySchema,
  propertyNames: anySchema,
  minProperties: count,
  maxProperties: count,
  required: names,
  dependentRequired: { type: 'object', additionalProperties: names },
  dependentSchemas: namedSchemas,
  unevaluatedItems: anySchema,
  unevaluatedProperties: anySchema,
  allOf: schemas,
  anyOf: schemas,
  oneOf: schemas,
  not: anySchema,
  if: anySchema,
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: anySchema,
  else: anySchema,
} as const

const check = {
  type: 'object',
  properties: {
    that: { type: ['string', 'boolean'], description: 'The condition that must be true, in CEL' },
    message: { ...text, description: 'What is wrong; it may be a template' },
    hint: { ...text, description: 'How to fix it; it may be a template' },
    at: { ...text, description: 'The variable whose place is shown' },
  },
  required: ['that', 'message'],
  additionalProperties: false,
} as const

export const roleArgumentsSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'gpuplay role arguments',
  type: 'object',
  properties: {
    ...keywords,
    type: { const: 'object' },
    properties: { ...namedSchemas, description: 'The variables of the role' },
    checks: {
      type: ['array', 'null'],
      items: check,
      description: 'Conditions that a JSON Schema cannot express',
    },
  },
  required: ['type', 'properties'],
  additionalProperties: false,
  $defs: { schema: { anyOf: [flag, { type: 'object', properties: keywords, additionalProperties: false }] } },
} as const
