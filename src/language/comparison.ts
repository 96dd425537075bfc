/** A path compared with a text: `facts.os_family == "Debian"`. */
export interface Comparison {
  readonly path: readonly string[]
  readonly text: string
  /** The position of the text, quotes included. */
  readonly offset: number
  readonly length: number
}
