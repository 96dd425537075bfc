import type { Position } from '../base/errors.ts'

/** A handler that a task or block notifies. */
export interface Notification {
  readonly name: string
  readonly where: Position
}
