/**
 * Shares validators between many runs in one process: compiling the schemas takes longer than the rest of a
 * simulated run.
 */
import type { ValidateFunction } from 'ajv'
import { digestOf, Validators } from '../../../src/language/validators.ts'

/**
 * From now on, all runs of this process use the same validators. (The build of gpuplay contains compiled
 * ones.)
 */
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
