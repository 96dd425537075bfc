import type { Unknown } from '../../base/unknown.ts'
import type { NetworkLack } from '../../apt/network.ts'
import type { Work } from '../../apt/package-request.ts'
import type { CudaSource } from '../../nvidia/cuda-sources.ts'
import type { Card } from '../../nvidia/generations.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  /** Version of the driver loaded on the node. */
  readonly driver: string | undefined
  /** The GPUs that the container's configuration gives it. */
  readonly cards: readonly Card[]
  /** Undefined if the container does not run. */
  readonly inside: Inside | undefined
}

export interface Inside {
  /**
   * The distribution's name in NVIDIA's repositories, `debian12`; undefined if NVIDIA does not support it.
   */
  readonly distribution: string | undefined
  /** Undefined if the container has no os-release. */
  readonly osName: string | undefined
  readonly system: string | undefined
  /** What the container still lacks to download the repository's key; read only if that is due. */
  readonly lack: NetworkLack | undefined
  /** The texts of apt's sources, by path. */
  readonly files: ReadonlyMap<string, string>
  readonly sources: readonly CudaSource[]
  /** The only enabled source, with an installed key; undefined if the repository must be added. */
  readonly good: CudaSource | undefined
  /** The repository for this distribution does not exist. Read only before it is added. */
  readonly unpublished: boolean
  /** Undefined if everything is installed. */
  readonly todo: Todo | undefined
  /** Download tools that the container lacks. */
  readonly tools: Tools | undefined
  /** Whether the toolkit has programs; one of libraries alone has none. Unknown in a dry run that installs it. */
  readonly programs: boolean | Unknown
  /** A download left by a killed run. */
  readonly leftover: boolean
}

/** Packages with the toolkit's version in their names. */
export interface Todo {
  readonly names: readonly string[]
  /** dpkg lists it as installed, but its compiler does not run. */
  readonly reinstall: boolean
  /** Similar packages in apt's lists; empty if a dry run cannot ask. */
  readonly available: readonly string[]
  /** Read only if the container has the repository. */
  readonly work: Work | undefined
}

export interface Tools {
  readonly names: readonly string[]
  readonly work: Work
}
