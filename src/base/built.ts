/**
 * The parts of gpuplay that its build makes: `scripts/build.ts` bundles a file of its own in place of this one. This one serves when gpuplay runs from
 * its sources, where nothing is made ahead.
 *
 * Packages that most runs do without are loaded here at once, without a promise: they are needed in the middle of reading a file.
 */
import { createRequire } from 'node:module'
import type { ValidateFunction } from 'ajv'
import type { Ajv2020 } from 'ajv/dist/2020.js'
import type { RE2JS } from 're2js'

export function loadAjv(): typeof Ajv2020 {
  const ajv: { readonly Ajv2020: typeof Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js')
  return ajv.Ajv2020
}

/** RE2: regular expressions whose time grows with the text alone. */
export function loadRe2(): typeof RE2JS {
  const re2: { readonly RE2JS: typeof RE2JS } = createRequire(import.meta.url)('re2js')
  return re2.RE2JS
}

/** The validator of the schema with this digest, or of JSON Schemas themselves by the name `json-schema`. */
export function preparedValidator(_digest: string): ValidateFunction | undefined {
  return undefined
}
