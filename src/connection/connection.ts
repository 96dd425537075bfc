import type { Readable, Writable } from 'node:stream'
import type { Secret } from '../base/secret.ts'
import type { ShellText } from '../base/shell.ts'

/**
 * How the rest of gpuplay sees a way to a machine: something on which a `/bin/sh` can be started.
 *
 * `ssh`, `openssh`, `local` and `pct` differ only in how that shell comes to be; on it runs one framed protocol (`shell.ts`).
 */
export interface Connection {
  readonly kind: 'ssh' | 'openssh' | 'local' | 'pct'
  /**
   * Starts a program on the far side with its three streams. `command` is given to the login shell and is always of the form `exec ...`.
   * @throws UnreachableError when no channel can be had.
   */
  open(command: string, signal: AbortSignal): Promise<Channel>
  /** Ends everything that is open. Never throws, may be called twice. */
  close(): Promise<void>
}

/** One running program on the far side. */
export interface Channel {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles once, never rejects. A reply without an exit status is a lost connection, never success. */
  readonly ended: Promise<ChannelEnd>
  /** Ends the program as hard as the transport can; `ended` settles two seconds later at most, whether or not the far side confirms it. */
  kill(): void
}

export type ChannelEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'lost'; readonly why: string }

/** A long-lived `/bin/sh` that answers one script after another; scripts may be sent ahead, replies come in order. */
export interface Shell {
  /** What the first frame told. */
  readonly greeting: ShellGreeting
  /**
   * Runs a script in a subshell of its own: nothing that it does to its shell (`cd`, `exit`, `set`, `trap`, `umask`) outlives it.
   * A failure of the host's is a reply. @throws the reason of `options.signal` once the script is dead, if that aborts meanwhile;
   * Error for a script with a NUL.
   */
  run(script: string, options: RunOptions): Promise<ShellReply>
  /** Aborted once the shell is gone (lost connection, killed, closed). */
  readonly gone: AbortSignal
  close(): Promise<void>
}

export interface ShellGreeting {
  /** `/proc/sys/kernel/random/boot_id`; in a container that of its node; empty where there is none. */
  readonly bootId: string
  readonly uid: number
  readonly kernel: string
  readonly architecture: string
  readonly hostname: string
}

export interface RunOptions {
  /** Milliseconds, counted once the scripts before it are done, until the script is given up: it is killed with its descendants, and the reply says `timedOut`. */
  readonly timeout: number
  readonly signal: AbortSignal
  /** Bytes that the script reads on its standard input; without it, `/dev/null`. Small content only: files go through `Uploader`. */
  readonly stdin?: Buffer
  /** Bytes kept of each of stdout and stderr; the rest is dropped and `truncated` set. Default 4 MiB. */
  readonly limit?: number
  /** The script only reads and leaves nothing running behind it: its streams need no relays, which saves processes. */
  readonly light?: boolean
  /** Functions that the script calls; a shell learns each of them once in its life, by name. */
  readonly helpers?: readonly ShellHelper[]
  /** What the script says by `gp_say WORD...`, at once and beside everything that it prints. */
  readonly onSay?: (text: string) => void
}

/** Definitions of shell functions under a name that changes when they do. */
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
      readonly truncated: boolean
      readonly milliseconds: number
    }
  | { readonly kind: 'timedOut'; readonly stdout: Buffer; readonly stderr: Buffer }
  | { readonly kind: 'lost'; readonly why: string }

/** What is needed to reach one host; made from inventory variables by the engine (`src/engine`), read by `connect`. */
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
      /** Without it, what the user's ssh configuration says (`StrictHostKeyChecking`), and `strict` where that says nothing. */
      readonly hostKeyChecking?: HostKeyChecking
      /** Replaces the known_hosts files of the user's configuration. */
      readonly knownHosts?: string
      readonly proxyJump?: string
      /** Seconds; 20 when not given. */
      readonly connectTimeout?: number
    } & Privilege)
  | ({ readonly kind: 'pct'; readonly ctid: string; readonly node: Target } & Privilege)

/** `accept-new` writes an unknown host's key down and refuses a changed one; `off` accepts all but revoked ones. */
export type HostKeyChecking = 'strict' | 'accept-new' | 'off'

export interface Privilege {
  readonly become?: {
    readonly user: string
    readonly method: 'sudo'
    readonly password?: Secret
  }
}
