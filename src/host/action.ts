/**
 * One change, as data. Only the engine carries actions out; each kind has one executor (`executors/`).
 *
 * An action declares its effects (`effects`; most follow from its kind). A dry run continues as if they had
 * happened, and a real run checks them against the host.
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
  | FetchFile
  | ContainerPower
  | Reboot

interface Common {
  /** Where it runs: on the task's host, or on the node of a container. Default `host`. */
  readonly on?: 'host' | 'node'
  /**
   * Describes the action to people, in the imperative: "install the driver 580.95.05". Derived from the kind
   * if absent.
   */
  readonly label?: string
  /** Effects besides those that the kind implies. */
  readonly effects?: readonly Effect[]
  readonly lock?: Lock
}

/**
 * Replaces a whole file: temporary file in the same directory, fsync, rename. A link is followed to its
 * target.
 */
export interface WriteFile extends Common {
  readonly kind: 'writeFile'
  readonly path: string
  readonly content: Content
  /**
   * Four octal digits. An existing file keeps the attributes that are not given; a new file gets 0644
   * root:root.
   */
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  /**
   * Keeps a copy `PATH.gpuplay-TIMESTAMP`, in `backupDirectory` if the file's own directory cannot contain
   * it.
   */
  readonly backup?: boolean
  readonly backupDirectory?: string
  /**
   * Runs on the temporary file before the rename; `%s` stands for its path. If it fails, the old file stays.
   */
  readonly validate?: readonly string[]
  /** The file system does not support chmod and chown (`/etc/pve`). */
  readonly plain?: boolean
}

export type Content =
  | { readonly kind: 'text'; readonly text: string | Secret }
  /** Large content by reference: read from the controller when it is sent. */
  | { readonly kind: 'controllerFile'; readonly path: string; readonly sha256: string; readonly size: number }
  /** Content of another file of the same host. */
  | { readonly kind: 'hostFile'; readonly path: string; readonly sha256: string; readonly size?: number }
  /** Only in a dry run: content that is known only in the run. */
  | { readonly kind: 'unknown'; readonly why: string }

export interface SetAttributes extends Common {
  readonly kind: 'setAttributes'
  readonly path: string
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

/** Creates a directory and its parents. */
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

/** Removes a file, a link or (with `recursive`) a tree. Succeeds if it is already absent. */
export interface Remove extends Common {
  readonly kind: 'remove'
  readonly path: string
  readonly recursive?: boolean
}

/**
 * Runs a program. Without `effects`, a dry run knows nothing about the host afterwards. With them, the
 * program changes only what they name (`[]`: nothing).
 */
export interface Run extends Common {
  readonly kind: 'run'
  readonly argv: readonly string[]
  readonly environment?: Readonly<Record<string, string | Secret>>
  readonly stdin?: string | Secret
  readonly directory?: string
  /** Seconds. Default 300. */
  readonly timeout?: number
  /** Exit statuses that mean success; default [0]. */
  readonly success?: readonly number[]
  /**
   * For long programs (installers, DKMS builds): runs independently of the connection, with its output and
   * status in files on the host. If a job of the same name is running, the task attaches to it if the
   * fingerprint is the same. Otherwise it waits for that job and plans again.
   */
  readonly detached?: {
    readonly name: string
    readonly fingerprint: string
    /** Of a program whose start leaves no trace: a job that was started for it is not started again. */
    readonly start?: string
    /** False: the action is done when the program has started. */
    readonly waits?: boolean
  }
  /** Explains a failure of this program to the user, in place of the generic hint. */
  readonly hint?: string
  /**
   * Of a detached program: files in which it writes its log. Their ends are read when it has ended, for the
   * record of the run; files that are absent or older than the program are left out.
   */
  readonly logs?: readonly string[]
}

/**
 * Downloads a file on the host (curl or wget): resumes `PATH.part`, checks it, renames it. Always detached.
 */
export interface Download extends Common {
  readonly kind: 'download'
  readonly url: string
  readonly path: string
  readonly sha256?: string
  readonly mode?: string
  readonly proxy?: string
  readonly login?: Login
  /** Seconds for the whole download. Default: none, as long as data arrive. */
  readonly timeout?: number
  /** Bytes, if known. */
  readonly size?: number
}

/**
 * Copies a file from the node into its container (`pct push`), then compares the checksum inside, because the
 * exit status of pct is unreliable.
 */
export interface Push extends Common {
  readonly kind: 'push'
  readonly from: string
  readonly to: string
  readonly sha256: string
  readonly mode?: string
}

/** Saves a file of the host on the controller, with mode 0600, and creates its folders there. */
export interface FetchFile extends Common {
  readonly kind: 'fetch'
  readonly path: string
  /** Path on the controller. */
  readonly to: string
  readonly sha256: string
}

/**
 * Starts or stops a container from its node. The engine closes the container's shells first and reopens them
 * when it runs again. After `shutdown` the container is started again at the end of the play at the latest;
 * after `stop` it stays stopped.
 */
export interface ContainerPower extends Common {
  readonly kind: 'containerPower'
  readonly ctid: string
  readonly verb: 'start' | 'stop' | 'shutdown' | 'restart'
  /** Seconds before a clean shutdown is abandoned. Default 120. */
  readonly timeout?: number
  /** Kills a container that has not shut down in that time. */
  readonly force?: boolean
}

/**
 * Reboots the host and waits for it: a new boot id, shells reopened, and guests restarted by Proxmox or by
 * the engine.
 */
export interface Reboot extends Common {
  readonly kind: 'reboot'
  /**
   * Asks the user at the terminal first. Without a terminal, or if the user declines, the task ends with a
   * warning and does not reboot.
   */
  readonly ask?: { readonly question: string; readonly declined: string }
  /** Seconds. Default 600. */
  readonly timeout?: number
  readonly reason: string
  /** Reboots that share one of these do not overlap: the members of the host's cluster (`restartSlots`). */
  readonly slots: readonly string[]
}

export type Lock =
  /** flock(2) on a file, as Proxmox does for a container's configuration. Seconds. */
  | { readonly kind: 'flock'; readonly path: string; readonly timeout: number }
  /**
   * The package manager's lock. `apt-get -o DPkg::Lock::Timeout` in the argv does the waiting; this lock
   * keeps our own tasks apart.
   */
  | { readonly kind: 'dpkg'; readonly timeout: number }

/** The state after an action. */
export type Effect = {
  /** Default: where the action runs. */
  readonly on?: 'host' | 'node'
  /** Takes effect only after the next reboot of that machine. */
  readonly afterBoot?: boolean
} & (
  | ResourceEffect
  /**
   * Unknown until the action has really run. A name that ends in `*` stands for all names with that prefix.
   */
  | {
      readonly kind: 'unknown'
      readonly resources: readonly (ResourcePattern | `${string}*`)[]
      readonly why: string
    }
  /** May create absent files, units and commands (a package, an installer). */
  | { readonly kind: 'brings'; readonly what: string }
)
