import type { Readable, Writable } from 'node:stream'
import type { Secret } from '../base/secret.ts'
import type { ShellText } from '../base/shell.ts'

/**
 * A way to a machine, as the rest of gpuplay sees it: it can start a `/bin/sh` there.
 *
 * `ssh`, `openssh`, `local` and `pct` differ only in how they start that shell. All use the same framed
 * protocol on it (`open-shell.ts`).
 */
export interface Connection {
  readonly kind: 'ssh' | 'openssh' | 'local' | 'pct'
  /**
   * Starts a program on the far side with its three streams. `command` goes to the login shell and always has
   * the form `exec ...`.
   * @throws UnreachableError if no channel can be opened
   */
  open(command: string, signal: AbortSignal): Promise<Channel>
  /** Closes everything. Never throws; can be called twice. */
  close(): Promise<void>
}

/** One running program on the far side. */
export interface Channel {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves once, never rejects. A reply without an exit status is a lost connection, never success. */
  readonly ended: Promise<ChannelEnd>
  /**
   * Ends the program as forcefully as the transport can. `ended` resolves within two seconds, with or without
   * confirmation from the far side.
   */
  kill(): void
}

export type ChannelEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'lost'; readonly why: string }

/**
 * A long-lived `/bin/sh` that runs one script after another. Scripts can be sent ahead; replies come in
 * order.
 */
export interface Shell {
  /** The result of the first frame. */
  readonly greeting: ShellGreeting
  /**
   * Runs a script in its own subshell: its changes to the shell (`cd`, `exit`, `set`, `trap`, `umask`) do not
   * outlive it. A failure of the host is a reply.
   * @throws the reason of `options.signal`, once the script is dead, if the signal aborts; Error for a script
   * with a NUL
   */
  run(script: string, options: RunOptions): Promise<ShellReply>
  /** Aborted when the shell is gone (lost connection, killed, closed). */
  readonly gone: AbortSignal
  close(): Promise<void>
}

export interface ShellGreeting {
  /** `/proc/sys/kernel/random/boot_id`. A container has that of its node. Empty if the host has none. */
  readonly bootId: string
  readonly uid: number
  readonly hostname: string
}

export interface RunOptions {
  /**
   * Time limit in milliseconds, counted after the scripts before it are done. After that, the script is
   * killed with its descendants, and the reply is `timedOut`.
   */
  readonly timeout: number
  readonly signal: AbortSignal
  /** Standard input of the script; default `/dev/null`. For small content only: large files use `upload`. */
  readonly stdin?: Buffer
  /** Bytes kept of each of stdout and stderr; the rest is dropped. Default 4 MiB. */
  readonly limit?: number
  /**
   * The script only reads and leaves no processes running: its streams need no relays, which saves processes.
   */
  readonly light?: boolean
  /** Functions that the script calls. A shell learns each of them once, by name. */
  readonly helpers?: readonly ShellHelper[]
  /** Receives the texts of `gp_say WORD...` at once, separate from the script's output. */
  readonly onSay?: (text: string) => void
}

/** Definitions of shell functions. The name changes with the text. */
export interface ShellHelper {
  readonly name: string
  readonly text: ShellText
}

export type ShellReply =
  | {
      readonly kind: 'exited'
      readonly code: number
      readonly stdout: Buffer
      readonly stderr: Buffer
    }
  | { readonly kind: 'timedOut'; readonly stdout: Buffer; readonly stderr: Buffer }
  | { readonly kind: 'lost'; readonly why: string }

/**
 * The parameters to reach one host. The engine (`src/engine`) makes them from inventory variables, and
 * `connect` reads them.
 */
export type Target =
  | ({ readonly kind: 'local' } & Privilege)
  | ({
      readonly kind: 'ssh' | 'openssh'
      /** Name, address or `ssh_config` alias. */
      readonly address: string
      readonly port?: number
      readonly user?: string
      readonly privateKey?: string
      readonly passphrase?: Secret
      readonly password?: Secret
      /**
       * Default: `StrictHostKeyChecking` of the user's ssh configuration, or `strict` if it is not set there.
       */
      readonly hostKeyChecking?: HostKeyChecking
      /** Replaces the known_hosts files of the user's configuration. */
      readonly knownHosts?: string
      readonly proxyJump?: string
      /** Seconds; default: `defaultConnectTimeout`. */
      readonly connectTimeout?: number
    } & Privilege)
  | ({ readonly kind: 'pct'; readonly ctid: string; readonly node: Target } & Privilege)

/**
 * `accept-new` records an unknown host's key and refuses a changed one; `off` accepts all but revoked keys.
 */
export type HostKeyChecking = 'strict' | 'accept-new' | 'off'

export interface Privilege {
  readonly become?: {
    readonly user: string
    readonly method: 'sudo'
    readonly password?: Secret
  }
}
