/** What the servers of the practice internet are told, and the faults that tests order. */

export interface ServerSettings {
  /** Folders that hold a folder for each host name; the first that has a file wins. */
  readonly roots: readonly string[]
  /** Folder of trust.sh. */
  readonly keys: string
  readonly address: string
  /** Addresses by host name. */
  readonly names: Readonly<Record<string, string>>
  /** The lab's state directory: `faults.json` is read from there, `requests.jsonl` is written there. */
  readonly state: string
}

/** What goes wrong for requests whose `host/path` contains `match`. */
export interface Fault {
  readonly match: string
  readonly kind:
    | { readonly answer: number }
    /** The first bytes arrive, then the connection is cut. */
    | { readonly cutAfter: number }
    /** One byte in the middle differs. */
    | { readonly corrupt: true }
    /** Milliseconds before the answer. */
    | { readonly delay: number }
  /** How many requests it hits; all of them unless said. */
  readonly times?: number
}

/** One line of `requests.jsonl`. */
export interface Request {
  readonly time: string
  readonly from: string
  readonly method: string
  readonly host: string
  readonly path: string
  readonly range?: string
  readonly status: number
}
