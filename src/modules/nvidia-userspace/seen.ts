import type { Userspace } from '../../nvidia/userspace.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  readonly loaded: string | undefined
  /** Undefined if the container does not run. */
  readonly inside: Inside | undefined
}

export interface Inside {
  readonly userspace: Userspace
  /** Output of `systemctl is-system-running`; undefined without systemd, or if a dry run cannot know. */
  readonly system: string | undefined
  /** Left by an interrupted run. */
  readonly leftovers: readonly string[]
  /** Read only if the installer must run. */
  readonly preparation: Preparation | undefined
}

export interface Preparation {
  readonly os: { readonly id: string; readonly like: string; readonly name: string }
  readonly architecture: string
  readonly driverPackages: readonly string[]
  /** Other packages that apt would remove with those. */
  readonly removals: readonly string[]
  readonly kmod: boolean
  readonly uninstaller: boolean
  /** The node's `.run`; the sha256 is undefined if there is no verified file. */
  readonly runfile: { readonly path: string; readonly sha256: string | undefined; readonly size: number }
  /** Bytes. */
  readonly free: number
}
