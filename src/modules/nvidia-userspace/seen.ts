import type { Work } from '../../apt/package-request.ts'
import type { OperatingSystem } from '../../host/questions/os-release.ts'
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
  /** Undefined if the container has no os-release. */
  readonly os: OperatingSystem | undefined
  readonly architecture: string
  readonly driverPackages: readonly string[]
  /** Their removal; undefined if there are none, or they must not be removed. */
  readonly purge: Work | undefined
  /** The installation of kmod; undefined if it is installed. */
  readonly kmod: Work | undefined
  readonly uninstaller: boolean
  /** The node's `.run`; the sha256 is undefined if there is no verified file. */
  readonly runfile: { readonly path: string; readonly sha256: string | undefined; readonly size: number }
  /** Bytes. */
  readonly free: number
}
