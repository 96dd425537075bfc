/**
 * One change, as data. Only the engine carries actions out, each kind with one executor (`executors/`).
 *
 * An action says what it will have done (`effects`; most are implied by its kind), so that a dry run can go on as if it had been, and so that
 * a real run can tell when a module's word and the host differ.
 */
import type { Secret } from '../base/secret.ts'
import type { Login } from './login.ts'
import type { ResourcePattern } from './resource.ts'
import type { ResourceEffect } from './resources/all.ts'

export type Action =
  | WriteFile
  | SetAttributes
  | MakeDirectory
  | MakeLink
  | Remove
  | Run
  | Download
  | Push
  | ContainerPower
  | Reboot

interface Common {
  /** Where it runs: on the task's host, or on the node of a container. Default `host`. */
  readonly on?: 'host' | 'node'
  /** What it does, for people, in the imperative: "install the driver 580.95.05". Made from the kind when left out. */
  readonly label?: string
  /** Beyond what its kind implies. */
  readonly effects?: readonly Effect[]
  readonly lock?: Lock
}

/** Replaces a file as a whole: temporary file in the same directory, fsync, rename; a link is followed to its target. */
export interface WriteFile extends Common {
  readonly kind: 'writeFile'
  readonly path: string
  readonly content: Content
  /** Four octal digits; a file that exists keeps what is not given, a new one gets 0644 root:root. */
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  /** Keeps a copy `PATH.gpuplay-TIMESTAMP` (in `backupDirectory` where the directory itself may not hold it). */
  readonly backup?: boolean
  readonly backupDirectory?: string
  /** Run on the temporary file before the rename; `%s` stands for its path. A failure leaves the old file. */
  readonly validate?: readonly string[]
  /** The file system takes no chmod or chown (`/etc/pve`). */
  readonly plain?: boolean
}

export type Content =
  | { readonly kind: 'text'; readonly text: string | Secret }
  /** Large content by reference: read on the machine that gpuplay runs on when it is sent. */
  | { readonly kind: 'controllerFile'; readonly path: string; readonly sha256: string; readonly size: number }
  /** Only in a dry run: content that the real run will know. */
  | { readonly kind: 'unknown'; readonly why: string }

export interface SetAttributes extends Common {
  readonly kind: 'setAttributes'
  readonly path: string
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

/** Makes a directory with its parents. */
export interface MakeDirectory extends Common {
  readonly kind: 'makeDirectory'
  readonly path: string
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

export interface MakeLink extends Common {
  readonly kind: 'makeLink'
  readonly path: string
  readonly target: string
}

/** Removes a file, a link or (with `recursive`) a tree. Absent already is fine. */
export interface Remove extends Common {
  readonly kind: 'remove'
  readonly path: string
  readonly recursive?: boolean
}

/** Runs a program. Without `effects` everything is unknown to a dry run afterwards; with them, nothing but what they name (`[]`: nothing) is changed. */
export interface Run extends Common {
  readonly kind: 'run'
  readonly argv: readonly string[]
  readonly environment?: Readonly<Record<string, string | Secret>>
  readonly stdin?: string | Secret
  readonly directory?: string
  /** Seconds. Default 300. */
  readonly timeout?: number
  /** Exit statuses that are success; default [0]. */
  readonly success?: readonly number[]
  /**
   * For what is long (installers, DKMS builds): runs apart from the connection, with output and status in files on the host. A job of the same name and
   * the same fingerprint is attached to when it runs; of another fingerprint is waited for, then the task plans again.
   */
  readonly detached?: { readonly name: string; readonly fingerprint: string }
  /** What the failure of this program means, for the person: replaces the generic hint. */
  readonly hint?: string
}

/** Fetches a file on the host (curl or wget): resumed from `PATH.part`, checked, renamed. Detached by nature. */
export interface Download extends Common {
  readonly kind: 'download'
  readonly url: string
  readonly path: string
  readonly sha256?: string
  readonly mode?: string
  readonly proxy?: string
  readonly login?: Login
  /** Bytes, where known. */
  readonly size?: number
}

/** Copies a file from the node into its container (`pct push`), then compares the checksum inside: pct's own status means nothing. */
export interface Push extends Common {
  readonly kind: 'push'
  readonly from: string
  readonly to: string
  readonly sha256: string
  readonly mode?: string
}

/** Starts or stops a container from its node. The engine closes the container's shells first and opens them when it runs again. */
export interface ContainerPower extends Common {
  readonly kind: 'containerPower'
  readonly ctid: string
  readonly verb: 'start' | 'shutdown' | 'stop' | 'restart'
  /** Seconds until a clean shutdown is given up. Default 60. */
  readonly timeout?: number
}

/** Reboots the host and waits for it: new boot id, shells opened again, guests that ran started again by Proxmox or by the engine. */
export interface Reboot extends Common {
  readonly kind: 'reboot'
  /** The person at the terminal is asked first. Without a terminal, and after a no, the task ends without it, with a warning. */
  readonly ask?: { readonly question: string; readonly declined: string }
  /** Seconds. Default 600. */
  readonly timeout?: number
  readonly reason: string
}

export type Lock =
  /** flock(2) on a file, as Proxmox takes for a container's configuration. Seconds. */
  | { readonly kind: 'flock'; readonly path: string; readonly timeout: number }
  /** The package manager's; `apt-get -o DPkg::Lock::Timeout` in the argv does the waiting, this keeps our own tasks from meeting there. */
  | { readonly kind: 'dpkg'; readonly timeout: number }

/** What will be true once an action is done. */
export type Effect = {
  /** Default: where the action runs. */
  readonly on?: 'host' | 'node'
  /** True only after the next reboot of that machine. */
  readonly afterBoot?: boolean
} & (
  | ResourceEffect
  /** These cannot be known until it has really run; a name that ends in `*` stands for all that begin so. */
  | {
      readonly kind: 'unknown'
      readonly resources: readonly (ResourcePattern | `${string}*`)[]
      readonly why: string
    }
  /** Files, units and commands that were absent may come with it (a package, an installer). */
  | { readonly kind: 'brings'; readonly what: string }
)
