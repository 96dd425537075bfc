/** Runs playbooks with the inventory and the connection settings of the command line. */
import { defined } from '../base/defined.ts'
import type { ExitCode } from '../base/errors.ts'
import type { RunDependencies, RunRequest } from '../engine/request.ts'
import { runPlaybooks } from '../engine/run-playbooks.ts'
import { facts } from '../host/facts.ts'
import { diskFiles } from '../language/read-files.ts'
import { modules } from '../modules/catalogue.ts'
import type { Context } from './context.ts'
import type { ConnectionFlags, InventoryFlags } from './flags.ts'
import { nameInventories } from './own-inventory.ts'
import { createReach } from './reach.ts'
import { connectionDefaults, inventoriesOf, rolesPaths } from './run-inputs.ts'

export interface CommandLine extends InventoryFlags, ConnectionFlags {
  readonly limit?: string
  readonly forks: number
}

/** What one command wants of the run. */
export type Wanted = Pick<RunRequest, 'playbooks' | 'check'> &
  Partial<RunRequest> &
  Pick<RunDependencies, 'sinks'> & {
    /** Whether someone at the terminal may be asked. */
    readonly mayAsk: boolean
  }

/** @throws InputError with every mistake in the files and arguments, before any connection */
export async function startRun(context: Context, flags: CommandLine, wanted: Wanted): Promise<ExitCode> {
  const { request, dependencies } = await runOf(context, flags, wanted)
  return runPlaybooks(request, dependencies)
}

/** Returns what the engine needs for the run of a command line. */
export async function runOf(
  context: Context,
  flags: CommandLine,
  { sinks, mayAsk, ...wanted }: Wanted,
): Promise<{ readonly request: RunRequest; readonly dependencies: RunDependencies }> {
  const inventories = inventoriesOf(context, flags)
  const named = nameInventories(inventories)
  return {
    request: {
      inventories,
      extraVars: flags.extraVars ?? [],
      limit: flags.limit,
      forks: flags.forks,
      connection: await connectionDefaults(context, flags),
      rolesPaths: rolesPaths(context),
      version: context.version,
      tags: { tags: [], skipTags: [] },
      stepByStep: false,
      profile: false,
      failOnChange: false,
      ...wanted,
    },
    dependencies: {
      world: context.world,
      secrets: context.secrets,
      files: diskFiles,
      modules,
      facts,
      reach: createReach(context),
      sinks: sinks.map((sink) => (event) => sink(named(event))),
      signal: context.signal,
      quit: context.quit,
      ...defined({ confirm: mayAsk ? context.confirm : undefined }),
    },
  }
}
