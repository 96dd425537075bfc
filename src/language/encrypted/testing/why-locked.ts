import { LockedError } from '../locked-error.ts'

/** `why (hint)` of the error with which the work fails. */
export function whyLocked(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof LockedError) return `${error.why} (${error.hint})`
    throw error
  }
  return 'it was decrypted'
}
