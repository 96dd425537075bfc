/** Runs playbooks with the inventory and the connection settings of the command line. */
import { defined } from '../base/defined.ts'
import { type ExitCode, InputError, type Problem } from '../base/errors.ts'
import { listPlays } from '../engine/list-plays.ts'
import type { RunDependencies, RunRequest } from '../engine/request.ts'
import { runPlaybooks } from '../engine/run-playbooks.ts'
import type { ListedPlay } from '../events/listed-play.ts'
import { facts } from '../host/facts.ts'
import { readExtraVars } from '../language/extra-vars.ts'
import type { Files } from '../language/read-files.ts'
import { modules } from '../modules/catalogue.ts'
import { askedClusters } from './clusters.ts'
import type { Configuration } from './configuration-keys.ts'
import type { Context } from './context.ts'
import type { ConnectionFlags, InventoryFlags } from './flags.ts'
import { keyedFiles } from './keyed-files.ts'
import { nameInventories } from './own-inventory.ts'
import { createReach } from './reach.ts'
import { connectionDefaults, inventoriesOf, rolesPaths } from './run-inputs.ts'

export type CommandLine = InventoryFlags & ConnectionFlags & Configuration & { readonly limit?: string }

/** What one command wants of the run. */
export type Wanted = Pick<RunRequest, 'playbooks' | 'check'> & Partial<RunRequest>

export interface Answers extends Pick<RunDependencies, 'sinks'> {
  /** Whether someone at the terminal may be asked. */
  readonly mayAsk: boolean
  /** Asks before each task. */
  readonly step: boolean
  /** Default: runs the playbooks. */
  readonly start?: (request: RunRequest, dependencies: RunDependencies) => Promise<ExitCode>
}

/** @throws InputError with every mistake in the files and arguments, before any connection */
export async function startRun(
  context: Context,
  flags: CommandLine,
  { sinks, mayAsk, step, start = runPlaybooks, ...wanted }: Wanted & Answers,
): Promise<ExitCode> {
  const named = nameInventories(inventoriesOf(context, flags))
  const steps = mayAsk ? context.step : undefined
  if (step && steps === undefined) throw new InputError([noTerminal])
  const request = await requestOf(context, flags, wanted)
  return start(request, {
    ...(await dependenciesOf(context, await keyedFiles(context, flags), request)),
    sinks: sinks.map((sink) => (event) => sink(named(event))),
    ...defined({
      confirm: mayAsk ? context.confirm : undefined,
      step: step ? steps : undefined,
      ask: mayAsk ? askLineOf(context) : undefined,
    }),
  })
}

/**
 * Lists the plays of a run. Asks for no passwords of hosts, because nothing connects to one.
 * @throws InputError with every mistake in the files and arguments
 */
export async function listRun(
  context: Context,
  flags: CommandLine,
  wanted: Wanted,
): Promise<readonly ListedPlay[]> {
  const request = await requestOf(context, { ...flags, askPass: false, askBecomePass: false }, wanted)
  const files = await keyedFiles(context, flags)
  return listPlays(request, { ...(await dependenciesOf(context, files, request)), sinks: [] })
}

function askLineOf({ askText, askSecret }: Context): RunDependencies['ask'] {
  return askText && ((question, secret) => (secret ? askSecret(question) : askText(question)))
}

const noTerminal: Problem = {
  code: 'no-terminal',
  message: '--step cannot ask: there is no terminal, or --output is jsonl',
  hint: 'use --check to see the plan, and --tags or --limit to run a part of it',
}

/** Returns the request of a command line. @throws InputError */
export async function requestOf(context: Context, flags: CommandLine, wanted: Wanted): Promise<RunRequest> {
  return {
    inventories: inventoriesOf(context, flags),
    extraVars: flags.extraVars ?? [],
    limit: flags.limit,
    forks: flags.forks,
    connection: await connectionDefaults(context, flags),
    rolesPaths: rolesPaths(context),
    version: context.version,
    runtime: context.runtime,
    tags: { tags: [], skipTags: [] },
    stepByStep: false,
    profile: false,
    failOnChange: false,
    ...wanted,
  }
}

/** Asks the clusters of the inventory. */
export async function dependenciesOf(
  context: Context,
  files: Files,
  { inventories, extraVars, connection }: Pick<RunRequest, 'inventories' | 'extraVars' | 'connection'>,
): Promise<Omit<RunDependencies, 'sinks'>> {
  return {
    world: context.world,
    secrets: context.secrets,
    files,
    // Mistakes in the variables are reported with those of the inventory.
    clusters: await askedClusters(context, {
      inventories,
      extra: readExtraVars(extraVars, files).variables,
      files,
      defaults: connection,
    }),
    modules,
    facts,
    reach: createReach(context),
    signal: context.signal,
    quit: context.quit,
  }
}
