import type { Position } from '../../base/errors.ts'
import type { Keyring } from './keyring.ts'

/** A value that is encrypted in its file. It is decrypted when it is rendered. */
export interface SealedValue {
  readonly kind: 'sealed'
  readonly where: Position
  /** Returns a `Secret`, or a boolean. @throws LockedError */
  readonly open: (keys: Keyring) => unknown
}
