import type { ChildProcessWithoutNullStreams } from 'node:child_process'

/**
 * What connections need of the machine that gpuplay runs on; handed in, so that nothing here reads `process`.
 */
export interface ConnectionWorld {
  /**
   * Starts a program of this machine with three pipes; `group` puts it at the head of a process group of its
   * own.
   */
  readonly spawn: (
    file: string,
    argv: readonly string[],
    options: { readonly group: boolean },
  ) => ChildProcessWithoutNullStreams
  /** Ends the process group that `spawn` made with `group`, as `kill(-pid, SIGKILL)` does. Never throws. */
  readonly killGroup: (pid: number) => void
  /** Bytes from a cryptographic source. */
  readonly random: (bytes: number) => Buffer
  /** Waits; rejects with the reason of `signal` as soon as that aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number
  /** The person who runs gpuplay, as ssh sees them. */
  readonly user: string
  readonly home: string
  /** The home in the account database, where ssh itself looks for its files; `home` when not given. */
  readonly accountHome?: string
  /** `SSH_AUTH_SOCK`. */
  readonly agentSocket?: string
  /** Read in place of the user's and the system's ssh configuration, as `ssh -F` does. */
  readonly sshConfig?: string
}
