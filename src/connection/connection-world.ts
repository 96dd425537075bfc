import type { ChildProcessWithoutNullStreams } from 'node:child_process'

/** The effects that connections need from the controller, passed in so that nothing here reads `process`. */
export interface ConnectionWorld {
  /** Starts a local program with three pipes; `group` makes it the leader of its own process group. */
  readonly spawn: (
    file: string,
    argv: readonly string[],
    options: { readonly group: boolean },
  ) => ChildProcessWithoutNullStreams
  /** Kills a process group that `spawn` created with `group`, like `kill(-pid, SIGKILL)`. Never throws. */
  readonly killGroup: (pid: number) => void
  /** Bytes from a cryptographic source. */
  readonly random: (bytes: number) => Buffer
  /** Waits; rejects with the reason of `signal` when that aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** The user who runs gpuplay, as ssh sees them. */
  readonly user: string
  readonly home: string
  /** The home in the account database, where ssh looks for its files; default `home`. */
  readonly accountHome?: string
  /** `SSH_AUTH_SOCK`. */
  readonly agentSocket?: string
  /** Read in place of the user's and the system's ssh configuration, as `ssh -F` does. */
  readonly sshConfig?: string
}
