import type { Userspace } from '../../nvidia/userspace.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  readonly loaded: string | undefined
  /** undefined: the container does not run. */
  readonly inside: Inside | undefined
}

export interface Inside {
  readonly userspace: Userspace
  /** systemd's word (`systemctl is-system-running`); undefined without systemd, or when a dry run cannot say. */
  readonly system: string | undefined
  /** Left by a run that was cut off. */
  readonly leftovers: readonly string[]
  /** Read only when the installer has to run. */
  readonly preparation: Preparation | undefined
}

export interface Preparation {
  readonly os: { readonly id: string; readonly like: string; readonly name: string }
  readonly architecture: string
  readonly driverPackages: readonly string[]
  /** What apt would remove along with those. */
  readonly removals: readonly string[]
  readonly kmod: boolean
  readonly uninstaller: boolean
  /** The node's `.run`; the sha256 is undefined when it has none that was checked. */
  readonly runfile: { readonly path: string; readonly sha256: string | undefined; readonly size: number }
  /** Bytes. */
  readonly free: number
}
