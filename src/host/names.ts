import { HostError } from '../base/errors.ts'

/** A module or a user gave a name that is not valid for its kind. */
export function invalidName(what: string, name: string): HostError {
  return new HostError({
    code: 'invalid-name',
    message: `not a valid ${what}: ${JSON.stringify(name)}`,
  })
}
