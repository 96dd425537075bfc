/**
 * What a module may do with a host: read it. Nothing here can change anything.
 *
 * Reads are gathered while probes run and sent in one frame when every probe of the host waits (`batch.ts`). In a dry run the overlay
 * answers first (`overlay.ts`): a read that meets something unknown rejects with `UnknownError`, and the task's outcome is `unknown`,
 * unless the probe asked with `maybe`.
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
  KernelModuleStatus,
  KernelStatus,
  PackageStatus,
  SeenFile,
  UnitStatus,
} from './status.ts'

export interface HttpAnswer {
  /** 0 when no answer came; then `error` says why. */
  readonly status: number
  readonly error?: string
  /** Content-Length of a HEAD. */
  readonly length: number | undefined
  readonly body: string
}

export interface Host {
  readonly name: HostName
  /** A resource of any kind that there is, by its name; the methods below do this for their kinds. */
  read<Reading>(kind: ResourceKind<string, Reading>, name: string): Promise<Reading>
  /** lstat(2); undefined when there is nothing at that path. With `follow`, stat(2). */
  stat(path: string, options?: { readonly follow?: boolean }): Promise<SeenFile | undefined>
  /** The whole file as UTF-8 (up to 1 MiB; HostError beyond, or when it is a directory or unreadable); undefined when absent. */
  text(path: string): Promise<string | undefined>
  /** sha256 of the content in hex; undefined when absent. */
  hash(path: string): Promise<string | undefined>
  /** Names in a directory, sorted; undefined when there is no such directory. */
  list(path: string): Promise<readonly string[] | undefined>
  package(name: string): Promise<PackageStatus>
  unit(name: string): Promise<UnitStatus>
  kernelModule(name: string): Promise<KernelModuleStatus>
  kernel(): Promise<KernelStatus>
  /** Full path of a program on the host's PATH. */
  command(name: string): Promise<string | undefined>
  /** A container of this node; undefined when the node has no such container. */
  container(ctid: string): Promise<ContainerStatus | undefined>
  /** Free bytes for root on the file system that holds the path (or its nearest existing parent). */
  space(path: string): Promise<number>
  /** Asks from the host. */
  http(
    url: string,
    options: { readonly method: 'HEAD' | 'GET'; readonly proxy?: string; readonly login?: Login },
  ): Promise<HttpAnswer>
  /** Asks a named question (`question.ts`): runs its program and reads the answer, whatever the exit status. */
  ask<Said>(question: Question<Said>, options?: AskOptions): Promise<Said>
  /** Turns a read that met something unknown into a value; the only way to plan on what a dry run cannot know. */
  maybe<T>(read: Promise<T>): Promise<T | Unknown>
  /** The node of a container; of every other host itself. */
  readonly node: Host
  /** Facts about where this host stands, from the inventory. */
  readonly placement: Placement
  /** Files beside the playbook, on the machine that gpuplay runs on. */
  readonly controller: ControllerFiles
}

export interface AskOptions {
  /** Asks as this user (`setpriv`, needs root), for "the GPU must work for this user too". */
  readonly user?: string
}

/** The host of `command` and `shell`: it also runs programs that the playbook names, by the promise of its author that they only read. */
export interface ProgramHost extends Host {
  /** Runs any program. A dry run takes it that the program reads everything, and may run it more than once. */
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
  /** undefined when there is no such file. */
  file(
    path: string,
  ): Promise<{ readonly sha256: string; readonly size: number; readonly mode: string } | undefined>
  text(path: string): Promise<string | undefined>
}
