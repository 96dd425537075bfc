/** The request of a run, and its dependencies. */
import type { ExitCode, Problem } from '../base/errors.ts'
import type { Secrets } from '../base/secrets.ts'
import type { World } from '../base/world.ts'
import type { EventSink, NextCommands } from '../events/events.ts'
import type { ReadsFile } from '../fleet/controller-files.ts'
import type { Reach } from '../fleet/machine.ts'
import type { Planning } from '../fleet/planning.ts'
import type { Explain } from '../fleet/run-context.ts'
import type { ConnectionDefaults } from '../fleet/targets.ts'
import type { Fact } from '../host/facts.ts'
import type { AskedClusters } from '../inventory/clusters/cluster-listing.ts'
import type { Means } from '../host/means.ts'
import type { PromptAnswers } from '../language/prompt.ts'
import type { Files } from '../language/read-files.ts'
import type { TagChoice } from '../language/tags.ts'
import type { Module } from '../modules/module.ts'
import type { Confirm, StepAnswer } from '../task/confirmations.ts'
import type { AskLine } from './prompts.ts'

export interface RunRequest {
  readonly playbooks: readonly string[]
  /** The command line for `run.started`, without values of variables. */
  readonly command?: string
  /** Commands for `run.started`. */
  readonly next?: NextCommands
  /** Version of Node.js, and the system. */
  readonly runtime?: string
  /** Names of playbooks outside the folder, to suggest for a name that does not exist. */
  readonly otherPlaybooks?: readonly string[]
  readonly inventories: readonly string[]
  /** Folders whose `group_vars` and `host_vars` are read besides those of the playbooks and inventories. */
  readonly variableFolders?: readonly string[]
  readonly extraVars: readonly string[]
  readonly limit: string | undefined
  /** Only these hosts, within the limit (`--rerun-failed`). */
  readonly onlyHosts?: readonly string[] | undefined
  readonly tags: TagChoice
  /** The name of the task to begin with (`--start-at-task`). */
  readonly startAt?: string | undefined
  /** What the user has answered (`vars_prompt`). */
  readonly answers?: PromptAnswers
  /** Runs notified handlers also on hosts that have failed. */
  readonly forceHandlers?: boolean
  readonly check: boolean
  /** Plans and sends each task separately, and reads nothing ahead. */
  readonly stepByStep: boolean
  /** Adds times to `run.finished`. */
  readonly profile: boolean
  readonly failOnChange: boolean
  readonly forks: number
  readonly connection: ConnectionDefaults
  /** Role folders, searched after those next to the playbook. */
  readonly rolesPaths: readonly string[]
  /** Version of gpuplay. */
  readonly version: string
}

export interface RefusedHost {
  readonly problem: Problem
  readonly exitCode: ExitCode
}

export interface RunDependencies {
  readonly world: World
  /** Known secrets; reading files adds to them. A new book by default. */
  readonly secrets?: Secrets
  readonly files: Files
  /** What the clusters of the inventory have answered (`src/fleet/clusters`); needed if it names any. */
  readonly clusters?: AskedClusters
  readonly modules: readonly Module[]
  /** Wraps modules of the project and of roles, to test one. */
  readonly wrapModule?: (module: Module) => Module
  readonly facts: readonly Fact[]
  readonly reach: Reach
  /** Default: scripts that run in the shells of the machines. */
  readonly means?: Means
  readonly sinks: readonly EventSink[]
  /** Aborted at the first interruption: start no new actions. */
  readonly signal: AbortSignal
  /** Aborted at the second interruption: the run ends at once, and leaves running programs to themselves. */
  readonly quit?: AbortSignal
  /** Asks the user a question; absent if there is no terminal. An interruption also answers false. */
  readonly confirm?: Confirm
  /** Asks the questions of plays (`vars_prompt`); absent if there is no terminal. */
  readonly ask?: AskLine
  /** Receives what a dry run knows of some tasks. */
  readonly explain?: Explain
  /** Set by a run that makes a plan file or applies one. */
  readonly planning?: Planning
  /** The hosts on which nothing may start, each with the reason. */
  readonly refused?: ReadonlyMap<string, RefusedHost>
  /** Called for each file of the controller that a module reads. */
  readonly readsFile?: ReadsFile
  /** Asks before each task whether to run it (`--step`); needs `confirm`. */
  readonly step?: (question: string) => Promise<StepAnswer>
  /** Directory of gpuplay's state on every machine, instead of the default. */
  readonly stateDirectory?: string
}
