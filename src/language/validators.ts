import { createHash } from 'node:crypto'
import type { ValidateFunction } from 'ajv'
import type { Ajv2020 } from 'ajv/dist/2020.js'
import { loadAjv, preparedValidator } from '../base/built.ts'

/**
 * The options of every validator, in the build and in a run. `verbose` adds schema and value to each error,
 * for the messages.
 */
export const validatorOptions = {
  allErrors: true,
  verbose: true,
  useDefaults: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  validateFormats: false,
} as const

/**
 * The validators of schemas: those that the build made, otherwise each compiled once; the first takes about
 * 40 ms.
 */
export class Validators {
  readonly #known = new WeakMap<object, ValidateFunction>()
  readonly #prepared: typeof preparedValidator
  #ajv: Ajv2020 | undefined

  constructor(prepared: typeof preparedValidator = preparedValidator) {
    this.#prepared = prepared
  }

  /** @throws Error when the schema itself is wrong. */
  of(schema: object): ValidateFunction {
    const known = this.#known.get(schema)
    if (known !== undefined) return known
    const validator = this.#prepared(digestOf(schema)) ?? this.#compile(schema)
    this.#known.set(schema, validator)
    return validator
  }

  #compile(schema: object): ValidateFunction {
    // ajv's own check of the schema would compile the schema of schemas, which takes most of the time.
    const check = this.#prepared('json-schema')
    this.#ajv ??= new (loadAjv())({ ...validatorOptions, validateSchema: check === undefined })
    if (check !== undefined && !check(schema))
      throw new Error(`schema is invalid: ${this.#ajv.errorsText(check.errors)}`)
    return this.#ajv.compile(schema)
  }
}

/** Equal for schemas with the same content in the same order. */
export function digestOf(schema: object): string {
  return createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 32)
}
