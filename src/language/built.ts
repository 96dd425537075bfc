/**
 * The parts of gpuplay that its build makes: `scripts/build.ts` bundles a file of its own in place of this one. This one serves when gpuplay runs from
 * its sources, where nothing is made ahead.
 */
import { createRequire } from 'node:module'
import type { ValidateFunction } from 'ajv'
import type { Ajv2020 } from 'ajv/dist/2020.js'

/** Loads ajv at once, without a promise: it is needed in the middle of reading a file, and mostly not at all. */
export function loadAjv(): typeof Ajv2020 {
  const ajv: { readonly Ajv2020: typeof Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js')
  return ajv.Ajv2020
}

/** The validator of the schema with this digest (`digestOf`), or of JSON Schemas themselves by the name `json-schema`. */
export function preparedValidator(_digest: string): ValidateFunction | undefined {
  return undefined
}
