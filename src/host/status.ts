/**
 * What the host says of what there is on it; where it is only predicted, with an `Unknown` in the place of
 * what cannot be known.
 */
import type { Unknown } from '../base/unknown.ts'

/** The same with fields that may not be known. */
export type Foreseen<T, Field extends keyof T> = {
  readonly [Key in keyof T]: Key extends Field ? T[Key] | Unknown : T[Key]
}

/** What a program said. */
export interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * A file as a task reads it: who will own what a user makes, and how large what is rendered at run will be, a
 * prediction cannot say.
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
  /** Where a link points to, as written in it. */
  readonly target?: string
  /** Of a device. */
  readonly major?: number
  readonly minor?: number
}

export interface PackageStatus {
  /**
   * The installed version; undefined when the package is not installed (removed with its configuration left
   * counts as that).
   */
  readonly installed: string | undefined
  /** dpkg's own word, such as `installed`, `half-configured`, `config-files`, `not-installed`. */
  readonly status: string
}

export interface UnitStatus {
  readonly exists: boolean
  /** systemd's ActiveState: active, inactive, failed, activating, ... */
  readonly active: string | Unknown
  /**
   * A service of type oneshot without RemainAfterExit: once started it does its work, and is inactive again.
   */
  readonly oneshot?: true
  /** systemd's UnitFileState: enabled, disabled, masked, static, ...; `` when there is no unit file. */
  readonly enabled: string | Unknown
}

export interface KernelModuleStatus {
  readonly loaded: boolean
  /** `/sys/module/NAME/version` of what is loaded. */
  readonly version: string | undefined
  /** Reference count of what is loaded. */
  readonly users: number
}

export interface ContainerStatus {
  readonly status: 'running' | 'stopped'
  /** The file `/etc/pve/lxc/CTID.conf` as it is. */
  readonly config: string
  /** The container's init as its node sees it; undefined when stopped. */
  readonly pid: number | undefined
}

export interface KernelStatus {
  /** `uname -r` */
  readonly release: string
  readonly bootId: string
}
