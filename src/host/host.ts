/**
 * The view of a host that modules get: read-only.
 *
 * Reads are collected while probes run, and sent in one frame when every probe of the host waits
 * (`batch.ts`). In a dry run, the overlay answers first (`overlay.ts`): a read that meets something unknown
 * rejects with `UnknownError`, and the task's outcome is `unknown`, unless the probe used `maybe`.
 */
import type { HostName } from '../base/brand.ts'
import type { Unknown } from '../base/unknown.ts'
import type { Login } from './login.ts'
import type { Question } from './question.ts'
import type { ResourceKind } from './resources/kind.ts'
import type {
  Answer,
  ContainerStatus,
  KernelModuleStatus,
  KernelStatus,
  PackageStatus,
  SeenFile,
  UnitStatus,
} from './status.ts'

export type {
  Answer,
  ContainerStatus,
  FileStatus,
  GroupStatus,
  KernelModuleStatus,
  KernelStatus,
  MountStatus,
  PackageStatus,
  SeenFile,
  UnitStatus,
  UserStatus,
} from './status.ts'

export interface HttpAnswer {
  /** 0 if no answer came; then `error` contains the reason. */
  readonly status: number
  readonly error?: string
  /** Content-Length of a HEAD. */
  readonly length: number | undefined
  readonly body: string
}

export interface Host {
  readonly name: HostName
  /** Reads a resource of any kind by its name. The methods below are shorthands for their kinds. */
  read<Reading>(kind: ResourceKind<string, Reading>, name: string): Promise<Reading>
  /** lstat(2), or stat(2) with `follow`; undefined if nothing is at that path. */
  stat(path: string, options?: { readonly follow?: boolean }): Promise<SeenFile | undefined>
  /**
   * The whole file as UTF-8; undefined if absent. HostError if it is larger than 1 MiB, a directory, or
   * unreadable.
   */
  text(path: string): Promise<string | undefined>
  /** sha256 of the content in hex; undefined if absent. */
  hash(path: string): Promise<string | undefined>
  /** Names in a directory, sorted; undefined if there is no such directory. */
  list(path: string): Promise<readonly string[] | undefined>
  package(name: string): Promise<PackageStatus>
  unit(name: string): Promise<UnitStatus>
  kernelModule(name: string): Promise<KernelModuleStatus>
  kernel(): Promise<KernelStatus>
  /** Full path of a program on the host's PATH. */
  command(name: string): Promise<string | undefined>
  /** A container of this node; undefined if the node has no such container. */
  container(ctid: string): Promise<ContainerStatus | undefined>
  /** Free bytes for root on the file system that holds the path (or its nearest existing parent). */
  space(path: string): Promise<number>
  /** Sends the request from the host. */
  http(
    url: string,
    options: {
      readonly method: 'HEAD' | 'GET'
      readonly proxy?: string
      readonly login?: Login
      /** A file of the host with certificates of authorities, instead of those that the host trusts. */
      readonly ca?: string
      /** The answer's body is the sha256 of the body, in hex; it may have any size. */
      readonly digest?: boolean
      /** False: an answer that names another address is final. Default: it is followed. */
      readonly follow?: boolean
      /** Seconds; default 30. */
      readonly timeout?: number
    },
  ): Promise<HttpAnswer>
  /**
   * Asks a named question (`question.ts`): runs its program and parses the answer, whatever the exit status.
   */
  ask<Said>(question: Question<Said>, options?: AskOptions): Promise<Said>
  /**
   * Returns `Unknown` if a read meets something unknown; the only way to plan with values that a dry run
   * cannot know.
   */
  maybe<T>(read: Promise<T>): Promise<T | Unknown>
  /** The node of a container. Every other host is its own node. */
  readonly node: Host
  /** The place of this host in the inventory. */
  readonly placement: Placement
  /** Files next to the playbook, on the controller. */
  readonly controller: ControllerFiles
}

export interface AskOptions {
  /** Runs as this user (`setpriv`, needs root), to check that the GPU works for this user too. */
  readonly user?: string
}

/**
 * The host of `command` and `shell`. It also runs programs from the playbook whose author promises that they
 * only read.
 */
export interface ProgramHost extends Host {
  /**
   * Runs any program. A dry run assumes that the program may read everything, and may run it more than once.
   */
  promised(argv: readonly string[], options?: PromisedOptions): Promise<Answer>
}

export interface PromisedOptions {
  readonly stdin?: string
  readonly directory?: string
  /** Milliseconds; default 30 000. */
  readonly timeout?: number
}

export interface Placement {
  /** Set for a container. */
  readonly ctid: string | undefined
  readonly nodeName: HostName | undefined
  readonly cluster: string | undefined
}

export interface ControllerFiles {
  /** Returns undefined if there is no such file. */
  file(
    path: string,
  ): Promise<{ readonly sha256: string; readonly size: number; readonly mode: string } | undefined>
  text(path: string): Promise<string | undefined>
}
