/** What a run is asked for, and what it is made with. */
import type { Secrets } from '../base/secrets.ts'
import type { World } from '../base/world.ts'
import type { EventSink } from '../events/events.ts'
import type { Reach } from '../fleet/machine.ts'
import type { ConnectionDefaults } from '../fleet/targets.ts'
import type { Fact } from '../host/facts.ts'
import type { Means } from '../host/means.ts'
import type { Files } from '../language/files.ts'
import type { TagChoice } from '../language/tags.ts'
import type { Module } from '../modules/module.ts'
import type { Confirm } from '../task/confirm.ts'

export interface RunRequest {
  readonly playbooks: readonly string[]
  /** Names of playbooks that can be given besides those in the folder: of one that is not found, what may have been meant. */
  readonly otherPlaybooks?: readonly string[]
  readonly inventories: readonly string[]
  readonly extraVars: readonly string[]
  readonly limit: string | undefined
  readonly tags: TagChoice
  readonly check: boolean
  /** Every task is planned and sent by itself, nothing is read ahead. */
  readonly stepByStep: boolean
  /** `run.finished` says where the time went. */
  readonly profile: boolean
  readonly failOnChange: boolean
  readonly forks: number
  readonly connection: ConnectionDefaults
  /** Folders of roles after those beside the playbook. */
  readonly rolesPaths: readonly string[]
  /** Version of gpuplay. */
  readonly version: string
}

export interface RunDependencies {
  readonly world: World
  /** What is secret, filled by what is read; a new book when left out. */
  readonly secrets?: Secrets
  readonly files: Files
  readonly modules: readonly Module[]
  readonly facts: readonly Fact[]
  readonly reach: Reach
  /** Scripts over the shells of the machines when left out. */
  readonly means?: Means
  readonly sinks: readonly EventSink[]
  /** First interruption: no new actions. */
  readonly signal: AbortSignal
  /** Aborted at the second interruption: the run ends at once, and what runs on hosts is left to itself. */
  readonly quit?: AbortSignal
  /** Asks the person a question; absent when there is no terminal. False as well when that is interrupted. */
  readonly confirm?: Confirm
  /** Where the state of gpuplay is on every machine; the usual place unless said. */
  readonly stateDirectory?: string
}
