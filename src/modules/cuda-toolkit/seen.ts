import type { Inside } from './inside.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  /** Version of the driver loaded on the node. */
  readonly driver: string | undefined
  /** Undefined if the container does not run. */
  readonly inside: Inside | undefined
}
