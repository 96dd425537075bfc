/** Runs playbooks for a command: shows the run as it goes, and records it. */
import { type ExitCode, exitCodes, InputError } from '../base/errors.ts'
import type { RunDependencies, RunRequest } from '../engine/request.ts'
import type { EventSink } from '../events/events.ts'
import type { View } from '../view/view.ts'
import { configured, type TypedOptions } from './configuration.ts'
import type { Configuration } from './configuration-keys.ts'
import type { Context } from './context.ts'
import type { ConnectionFlags, InventoryFlags, OutputFlags } from './flags.ts'
import { createFileViews } from './output-files.ts'
import { type OutputFile, outputsOf } from './output-formats.ts'
import { nextCommands } from './next-commands.ts'
import { runFolders } from './run-folders.ts'
import { inventoriesOf } from './run-inputs.ts'
import { createRunLog, type RunLog } from './run-log.ts'
import { createView, emitProblems, reportProblems, type ViewChoice } from './show.ts'
import { shownCommand } from './shown-command.ts'
import { startRun, type Wanted } from './start-run.ts'

/** Where the forms of a run go; `output` of the configuration is the form on the screen. */
export interface OutputTargets extends Omit<OutputFlags, 'output' | 'color'> {
  readonly files: readonly OutputFile[]
}

export type ShownOptions = InventoryFlags &
  ConnectionFlags &
  OutputTargets &
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
  checkVerbosity(options)
  const verbosity = options.quiet ? -1 : options.verbose
  const files = await createFileViews(context, options.files, { verbosity, diff: options.diff })
  const views = [...files, await createView(context, { ...options, verbosity })]
  let log: RunLog | undefined
  let exitCode: ExitCode
  try {
    const recorder = createRunLog({
      folders: runFolders(inventories, context.world),
      keep: options.keepRuns,
      now: context.world.now,
    })
    log = recorder
    exitCode = await startRun(context, options, {
      ...wanted,
      command: shownCommand(context.words),
      next: nextCommands(context.words, options),
      sinks: [
        recorder.take,
        ...views.map(
          (view): EventSink =>
            (event) =>
              view.take(event),
        ),
      ],
      // A program reads these events, so nobody can answer a question.
      mayAsk: options.output !== 'jsonl',
    })
  } finally {
    for (const view of views) await view.close()
    for (const sentence of log?.close() ?? []) context.errors.write(`warning: ${sentence}\n`)
  }
  return files.some((file) => file.lost()) ? withoutFile(exitCode) : exitCode
}

/** The exit code of a run that cannot write an output file. A failure of the run says more. */
function withoutFile(exitCode: ExitCode): ExitCode {
  const wellEnded = exitCode === exitCodes.success || exitCode === exitCodes.changesFound
  return wellEnded ? exitCodes.invalidInput : exitCode
}

/** The options of a command, with what `--output` means. @throws InputError */
export function withOutputs<Flags extends OutputFlags & Omit<TypedOptions, 'output'>>(
  context: Context,
  flags: Flags,
  playbooks: readonly string[],
): Omit<Flags, 'output'> & Configuration & OutputTargets {
  const { output = [], ...others } = flags
  const { screen, files } = outputsOf(output)
  return { ...others, ...configured(context, { ...others, output: screen }, playbooks), files }
}

/** Carries out a command that runs playbooks. Mistakes in files and options are in its outputs too. */
export async function reportingMistakes(
  context: Context,
  { output = [], color = 'auto' }: OutputFlags,
  check: boolean,
  work: () => Promise<ExitCode>,
): Promise<void> {
  try {
    context.setExitCode(await work())
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const choice = { verbosity: 0, diff: false }
    const views = [
      ...(await fileViewsIfPossible(context, output, choice)),
      ...(output.includes('jsonl') ? [await createView(context, { output: 'jsonl', color, ...choice })] : []),
    ]
    emitProblems(context, error.problems, { views, check })
    for (const view of views) await view.close()
    reportProblems(context, error.problems, { color })
    context.setExitCode(exitCodes.invalidInput)
  }
}

/** If an output is the mistake, there is none. */
async function fileViewsIfPossible(
  context: Context,
  output: NonNullable<OutputFlags['output']>,
  choice: Pick<ViewChoice, 'verbosity' | 'diff'>,
): Promise<readonly View[]> {
  try {
    return await createFileViews(context, outputsOf(output).files, choice)
  } catch (error) {
    if (error instanceof InputError) return []
    throw error
  }
}

/** @throws InputError */
function checkVerbosity({ quiet, verbose }: OutputTargets): void {
  if (!quiet || verbose === 0) return
  throw new InputError([
    {
      code: 'exclusive-options',
      message: '--quiet prints less, and --verbose more',
      hint: 'leave one of them out',
    },
  ])
}
