/** Validators for many runs in one process: to compile the schemas anew costs more than everything else that a simulated run does. */
import type { ValidateFunction } from 'ajv'
import { digestOf, Validators } from '../../../src/language/validators.ts'

/** From now on every run of this process uses the same validators; gpuplay as it is built has all of them made ahead. */
export function shareValidators(): void {
  const shared = new Validators()
  const compile = shared.of.bind(shared)
  const byDigest = new Map<string, ValidateFunction>()
  const bySchema = new WeakMap<object, ValidateFunction>()
  Validators.prototype.of = function of(schema: object): ValidateFunction {
    const known = bySchema.get(schema)
    if (known !== undefined) return known
    const digest = digestOf(schema)
    const validator = byDigest.get(digest) ?? compile(schema)
    byDigest.set(digest, validator)
    bySchema.set(schema, validator)
    return validator
  }
}
