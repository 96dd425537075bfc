/** Types of the host's answers. In a prediction, `Unknown` replaces values that cannot be known. */
import type { Unknown } from '../base/unknown.ts'

/** The same type with fields that may be unknown. */
export type Foreseen<T, Field extends keyof T> = {
  readonly [Key in keyof T]: Key extends Field ? T[Key] | Unknown : T[Key]
}

/** The output and exit status of a program. */
export interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * A file as a task reads it. A prediction may not know its owner (made by another user) or its size (rendered
 * in the run).
 */
export type SeenFile = Foreseen<FileStatus, 'owner' | 'group' | 'uid' | 'gid' | 'size'>

export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'link' | 'character' | 'block' | 'fifo' | 'socket'
  /** Four octal digits, `0644`. */
  readonly mode: string
  readonly owner: string
  readonly group: string
  readonly uid: number
  readonly gid: number
  /** Bytes. */
  readonly size: number
  /** The target of a link, as written in it. */
  readonly target?: string
  /** Only for a device. */
  readonly major?: number
  readonly minor?: number
}

export interface PackageStatus {
  /**
   * The installed version; undefined if not installed (a removed package with its configuration left counts
   * as not installed).
   */
  readonly installed: string | undefined
  /** dpkg's own term, such as `installed`, `half-configured`, `config-files`, `not-installed`. */
  readonly status: string
}

export interface UnitStatus {
  readonly exists: boolean
  /** systemd's ActiveState: active, inactive, failed, activating, ... */
  readonly active: string | Unknown
  /** A service of type oneshot without RemainAfterExit: it is inactive again after it has run. */
  readonly oneshot?: true
  /** systemd's UnitFileState: enabled, disabled, masked, static, ...; `` if there is no unit file. */
  readonly enabled: string | Unknown
}

/** A user; all other fields are empty if there is none. */
export interface UserStatus {
  readonly exists: boolean
  readonly uid: number | undefined | Unknown
  /** Name of the primary group, or its ID if it has no name. */
  readonly group: string | Unknown
  readonly comment: string | Unknown
  readonly home: string | Unknown
  readonly shell: string | Unknown
  /** The other local groups, sorted. */
  readonly groups: readonly string[]
  /** The field of shadow(5); empty if it cannot be read. */
  readonly password: string | Unknown
}

export interface GroupStatus {
  readonly exists: boolean
  readonly gid: number | undefined | Unknown
}

export interface MountStatus {
  readonly mounted: boolean
  /** Type of the file system; empty if nothing is mounted. */
  readonly fstype: string
}

export interface KernelModuleStatus {
  readonly loaded: boolean
  /** `/sys/module/NAME/version` of the loaded module. */
  readonly version: string | undefined
  /** Reference count of the loaded module. */
  readonly users: number
}

export interface ContainerStatus {
  readonly status: 'running' | 'stopped'
  /** The content of `/etc/pve/lxc/CTID.conf`. */
  readonly config: string
  /** The first line of the configuration with bytes that are not UTF-8, from 1. */
  readonly lossyLine?: number
  /** The pid of the container's init on its node; undefined if stopped. */
  readonly pid: number | undefined
}

export interface KernelStatus {
  /** `uname -r` */
  readonly release: string
  readonly bootId: string
}
