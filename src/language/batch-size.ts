import type { Position } from '../base/errors.ts'

/** The sizes of the batches of a play, in order; the last one repeats until no host is left. */
export interface Serial {
  readonly sizes: readonly BatchSize[]
  readonly where: Position
}

/** Hosts, or a share of all hosts of the play: more than 0, at most 100. */
export type BatchSize =
  { readonly kind: 'hosts'; readonly count: number } | { readonly kind: 'share'; readonly percent: number }
