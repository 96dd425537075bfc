import type { Inside } from './inside.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  /** The driver that the node has loaded. */
  readonly driver: string | undefined
  /** undefined: the container does not run. */
  readonly inside: Inside | undefined
}
