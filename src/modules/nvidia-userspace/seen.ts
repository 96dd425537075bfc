import type { Work } from '../../apt/package-request.ts'
import type { OperatingSystem } from '../../host/questions/os-release.ts'
import type { PackagedVersion } from '../../nvidia/packaged-version.ts'
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
  /** Driver packages. Read only if they matter. */
  readonly driverPackages: readonly string[]
  /** Read only if something must be installed. */
  readonly preparation: RunPreparation | PackagesPreparation | undefined
}

/** What decides whether NVIDIA's driver works in the container at all. */
export interface Platform {
  /** Undefined if the container has no os-release. */
  readonly os: OperatingSystem | undefined
  readonly architecture: string
  /** Whether a `.run` has left its program for the removal. */
  readonly uninstaller: boolean
}

export interface RunPreparation extends Platform {
  readonly source: 'run'
  /** The removal of the packages; undefined if there are none, or they must not be removed. */
  readonly purge: Work | undefined
  /** The installation of kmod; undefined if it is installed. */
  readonly kmod: Work | undefined
  /** The node's `.run`; the sha256 is undefined if there is no verified file. */
  readonly runfile: { readonly path: string; readonly sha256: string | undefined; readonly size: number }
  /** Bytes. */
  readonly free: number
}

export interface PackagesPreparation extends Platform {
  readonly source: 'apt'
  /** Whether files of installed packages are gone, as after the removal of a `.run`. */
  readonly damaged: boolean
  readonly packaged: PackagedVersion
}
