import { HostError } from '../base/errors.ts'

/** A module gave, or a user wrote, a name that nothing of that kind can have. */
export function invalidName(what: string, name: string): HostError {
  return new HostError({
    code: 'invalid-name',
    message: `not a valid ${what}: ${JSON.stringify(name)}`,
  })
}
