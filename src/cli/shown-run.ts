/** Runs playbooks for a command: shows the run as it goes, and records it. */
import type { ExitCode } from '../base/errors.ts'
import type { RunDependencies, RunRequest } from '../engine/request.ts'
import type { Configuration } from './configuration-keys.ts'
import type { Context } from './context.ts'
import type { ConnectionFlags, InventoryFlags, OutputFlags } from './flags.ts'
import { runFolders } from './run-folders.ts'
import { inventoriesOf } from './run-inputs.ts'
import { createRunLog, type RunLog } from './run-log.ts'
import { createView } from './show.ts'
import { shownCommand } from './shown-command.ts'
import { startRun, type Wanted } from './start-run.ts'

export type ShownOptions = InventoryFlags &
  ConnectionFlags &
  OutputFlags &
  Configuration & { readonly limit?: string }

export interface ShownRun extends Wanted {
  /** Asks before each task. */
  readonly step: boolean
  /** Default: runs the playbooks. */
  readonly start?: (request: RunRequest, dependencies: RunDependencies) => Promise<ExitCode>
}

/** @throws InputError with every mistake in the files and arguments, before any connection */
export async function showRun(context: Context, options: ShownOptions, wanted: ShownRun): Promise<ExitCode> {
  const inventories = inventoriesOf(context, options)
  const view = await createView(context, { ...options, verbosity: options.verbose })
  let log: RunLog | undefined
  try {
    const recorder = createRunLog({
      folders: runFolders(inventories, context.world),
      keep: options.keepRuns,
      now: context.world.now,
    })
    log = recorder
    return await startRun(context, options, {
      ...wanted,
      command: shownCommand(context.words),
      sinks: [recorder.take, (event) => view.take(event)],
      // A program reads these events, so nobody can answer a question.
      mayAsk: options.output !== 'jsonl',
    })
  } finally {
    await view.close()
    for (const sentence of log?.close() ?? []) context.errors.write(`warning: ${sentence}\n`)
  }
}
