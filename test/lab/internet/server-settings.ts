/** Settings of the servers of the simulated internet, and the faults that tests request. */

export interface ServerSettings {
  /** Folders with a folder for each host name; the first one that has a file wins. */
  readonly roots: readonly string[]
  /** Folder of trust.sh. */
  readonly keys: string
  readonly address: string
  /** Addresses by host name. */
  readonly names: Readonly<Record<string, string>>
  /** The lab's state directory: `faults.json` is read from there, `requests.jsonl` is written there. */
  readonly state: string
}

/**
 * A fault of requests whose `host/path` contains `match`. A question to the name server has the address `names:`;
 * its answer can be delayed or refused (`answer`: an RCODE of DNS, 2 is SERVFAIL).
 */
export interface Fault {
  readonly match: string
  readonly kind:
    | { readonly answer: number }
    /** The connection breaks after this number of bytes. */
    | { readonly cutAfter: number }
    /** One byte in the middle differs. */
    | { readonly corrupt: true }
    /** Milliseconds before the answer. */
    | { readonly delay: number }
  /** Only requests of this address. */
  readonly from?: string
  /** The number of requests that fail; default: all. */
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
